// Node's querystring (nodejs.org/api/querystring.html).
"use strict";
const escape = (v) => encodeURIComponent(v);
const unescape = (s) => { try { return decodeURIComponent(s); } catch { return s; } };
const text = (v) => (typeof v === "string" || typeof v === "boolean" || typeof v === "bigint" || Number.isFinite(v) ? String(v) : "");
const parse = (query, sep = "&", eq = "=", { maxKeys = 1000, decodeURIComponent = unescape } = {}) => {
	const out = Object.create(null);
	if (typeof query !== "string" || query === "") return out;
	const pairs = query.split(sep);
	for (const pair of maxKeys > 0 ? pairs.slice(0, maxKeys) : pairs) {
		const i = pair.indexOf(eq), plain = (s) => decodeURIComponent(s.replace(/\+/g, " "));
		const key = plain(i < 0 ? pair : pair.slice(0, i)), value = i < 0 ? "" : plain(pair.slice(i + eq.length));
		out[key] = key in out ? [].concat(out[key], value) : value;
	}
	return out;
};
const stringify = (object, sep = "&", eq = "=", { encodeURIComponent = escape } = {}) =>
	Object.keys(object ?? {}).flatMap((key) => [].concat(object[key]).map((v) => encodeURIComponent(text(key)) + eq + encodeURIComponent(text(v)))).join(sep);
module.exports = { escape, unescape, parse, stringify, decode: parse, encode: stringify };
