// Node's path, for paths with slashes (nodejs.org/api/path.html).
"use strict";
const text = (v, name = "path") => {
	if (typeof v !== "string") throw new TypeError(`the ${name} must be a string, not ${typeof v}`);
	return v;
};
const isAbsolute = (path) => text(path).startsWith("/");

// reduce takes "." and ".." away.
const reduce = (path, absolute) => {
	const out = [];
	for (const part of path.split("/")) {
		if (part === "" || part === ".") continue;
		if (part !== "..") out.push(part);
		else if (out.length > 0 && out[out.length - 1] !== "..") out.pop();
		else if (!absolute) out.push("..");
	}
	return out.join("/");
};
const normalize = (path) => {
	const absolute = isAbsolute(path);
	let out = reduce(path, absolute);
	if (out === "" && !absolute) out = ".";
	if (out !== "" && path.endsWith("/")) out += "/";
	return absolute ? "/" + out : out;
};
const join = (...parts) => {
	const path = parts.filter((p) => text(p) !== "").join("/");
	return path === "" ? "." : normalize(path);
};
const resolve = (...parts) => {
	let path = "";
	for (let i = parts.length - 1; i >= 0 && !path.startsWith("/"); i--) if (text(parts[i]) !== "") path = parts[i] + (path && "/" + path);
	if (!path.startsWith("/")) path = process.cwd() + (path && "/" + path);
	return "/" + reduce(path, true);
};
// trimmed is a path without the slashes at its end.
const trimmed = (path) => path.replace(/(?!^)\/+$/, "");
const dirname = (path) => {
	const p = trimmed(text(path)), i = p.lastIndexOf("/");
	if (i < 0) return ".";
	return i === 0 ? "/" : trimmed(p.slice(0, i));
};
const basename = (path, suffix) => {
	const p = trimmed(text(path)), base = p.slice(p.lastIndexOf("/") + 1);
	return suffix && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base;
};
const extname = (path) => {
	const base = basename(path), i = base.lastIndexOf(".");
	return i <= 0 || base === ".." ? "" : base.slice(i);
};
const relative = (from, to) => {
	const a = resolve(from).split("/").filter(Boolean), b = resolve(to).split("/").filter(Boolean);
	let same = 0;
	while (same < a.length && same < b.length && a[same] === b[same]) same++;
	return [...a.slice(same).fill(".."), ...b.slice(same)].join("/");
};
const parse = (path) => {
	const base = basename(path), ext = extname(path), root = isAbsolute(path) ? "/" : "";
	const dir = path.includes("/") ? dirname(path) : "";
	return { root, dir, base, ext, name: ext ? base.slice(0, -ext.length) : base };
};
const format = ({ root = "", dir, base, name = "", ext = "" }) => {
	const last = base || name + (ext && !ext.startsWith(".") ? "." : "") + ext;
	if (!dir) return root + last;
	return dir === root ? dir + last : dir + "/" + last;
};
module.exports = { sep: "/", delimiter: ":", isAbsolute, normalize, join, resolve, dirname, basename, extname, relative, parse, format, toNamespacedPath: (p) => p };
module.exports.posix = module.exports;
