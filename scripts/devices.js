// Lists the device sections, or shows the state of one.
"use strict";
const { plural, shown, size, tree } = require("svscript/format");

exports.command = {
	name: "devices",
	help: "List the devices whose state the image holds, or show all fields of one.",
	arguments: [{ name: "NAME", type: "string", optional: true, help: "a device, with or without the bus path before its name" }],
	options: {
		instance: { type: "number", value: "N", default: 0, help: "which, where there are several of one name" },
		all: { type: "boolean", help: "show long arrays in full" },
	},
};

/** @param {VM} vm @param {{NAME?: string, instance: number, all: boolean}} args */
exports.main = (vm, args) => {
	if (args.NAME !== undefined) return showDevice(vm.device(args.NAME, args.instance), args.all ? Infinity : 16);
	if (vm.devices.length === 0) console.error("devices: the image holds no state of devices");
	for (const { name, instance, version, size, offset, found, complete } of vm.devices) {
		emit({ name, instance, version, size, offset, found, complete });
	}
};

/** @param {Device} device @param {number} max elements of an array that are shown */
function showDevice(device, max) {
	const { name, instance, version, found, complete, offset, fields } = device;
	const subsections = device.subsections.map((s) => ({ name: s.name, version: s.version, fields: s.fields }));
	const head = `${name}, instance ${instance}, version ${version}: ${size(device.size)}${complete ? "" : ", INCOMPLETE"}`;
	const body = found === "search"
		? `\n  its layout is not known: ${plural(device.size, "byte")} at ${offset} of the stream (vm.device(…).raw() has them)`
		: tree(fields, { max }) + subsections.map((s) => `\n  subsection ${s.name}, version ${s.version}${tree(s.fields, { indent: "  ", max })}`).join("");
	return shown({ name, instance, version, found, complete, size: device.size, offset, fields, subsections }, head + body);
}
