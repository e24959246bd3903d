// As much of Intl (tc39.es/ecma402) as reports need: numbers and order as in English, whatever the locale that is asked for.
"use strict";
const integer = (v, name, low, high, absent) => {
	if (v === undefined) return absent;
	const n = Number(v);
	if (!(n >= low && n <= high)) throw new RangeError(`${name} must be from ${low} to ${high}`);
	return Math.floor(n);
};
const known = (v, name, choices) => {
	if (v !== undefined && !choices.includes(v)) throw new RangeError(`Intl.NumberFormat: ${name} ${JSON.stringify(v)} is not there; ${choices.join(", ")} are`);
	return v ?? choices[0];
};

class NumberFormat {
	constructor(locale, options = {}) {
		const style = known(options.style, "style", ["decimal", "percent"]);
		known(options.notation, "notation", ["standard"]);
		const least = integer(options.minimumFractionDigits, "minimumFractionDigits", 0, 100);
		const most = integer(options.maximumFractionDigits, "maximumFractionDigits", 0, 100, Math.max(least ?? 0, style === "percent" ? 0 : 3));
		const minimumFractionDigits = Math.min(least ?? 0, most);
		if (least > most) throw new RangeError("maximumFractionDigits is less than minimumFractionDigits");
		const o = {
			locale: "en-US", numberingSystem: "latn", style, notation: "standard", minimumFractionDigits, maximumFractionDigits: most,
			minimumIntegerDigits: integer(options.minimumIntegerDigits, "minimumIntegerDigits", 1, 21, 1),
			useGrouping: options.useGrouping === undefined ? "auto" : options.useGrouping,
		};
		Object.defineProperty(this, "resolvedOptions", { value: () => ({ ...o }) });
		Object.defineProperty(this, "format", { value: (v) => format(v, o) });
	}
	get [Symbol.toStringTag]() { return "Intl.NumberFormat"; }
}
const format = (v, o) => {
	const percent = o.style === "percent";
	let whole, fraction = "", sign = "";
	if (typeof v === "bigint") {
		whole = String((v < 0n ? -v : v) * (percent ? 100n : 1n));
		if (v < 0n) sign = "-";
	} else {
		let n = Number(v);
		if (percent) n *= 100;
		if (Number.isNaN(n)) return "NaN";
		if (n < 0 || Object.is(n, -0)) sign = "-";
		n = Math.abs(n);
		if (n === Infinity) return sign + "∞";
		[whole, fraction = ""] = n < 1e21 ? n.toFixed(o.maximumFractionDigits).split(".") : [String(BigInt(n))];
	}
	while (fraction.length > o.minimumFractionDigits && fraction.endsWith("0")) fraction = fraction.slice(0, -1);
	fraction = fraction.padEnd(o.minimumFractionDigits, "0");
	whole = whole.padStart(o.minimumIntegerDigits, "0");
	if (o.useGrouping !== false) whole = whole.replace(/\B(?=(\d{3})+$)/g, ",");
	return sign + whole + (fraction && "." + fraction) + (percent ? "%" : "");
};

const localeCompare = native.localeCompare;
const runs = (s) => s.match(/\d+|\D+/g) ?? [];
const byNumber = (a, b) => {
	const x = runs(a), y = runs(b);
	for (let i = 0; i < x.length && i < y.length; i++) {
		const digits = /^\d/.test(x[i]) && /^\d/.test(y[i]);
		const d = digits ? Number(x[i]) - Number(y[i]) : localeCompare(x[i], y[i]);
		if (d !== 0) return Math.sign(d);
	}
	return Math.sign(x.length - y.length);
};
class Collator {
	constructor(locale, { numeric = false, sensitivity = "variant" } = {}) {
		const plain = (s) => {
			s = String(s);
			if (sensitivity === "base" || sensitivity === "case") s = s.normalize("NFD").replace(/[\u0300-\u036f]/g, "");
			return sensitivity === "base" || sensitivity === "accent" ? s.toLowerCase() : s;
		};
		const compare = numeric ? byNumber : localeCompare;
		Object.defineProperty(this, "compare", { value: (a, b) => compare(plain(a), plain(b)) });
		Object.defineProperty(this, "resolvedOptions", { value: () => ({ locale: "en-US", usage: "sort", sensitivity, numeric }) });
	}
	get [Symbol.toStringTag]() { return "Intl.Collator"; }
}
const callable = (Class) => new Proxy(Class, { apply: (_, __, args) => new Class(...args) });
const supported = () => ["en-US"];
NumberFormat.supportedLocalesOf = supported;
Collator.supportedLocalesOf = supported;
module.exports = { NumberFormat: callable(NumberFormat), Collator: callable(Collator), getCanonicalLocales: (l) => [].concat(l ?? []) };
