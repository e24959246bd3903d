// What goja_nodejs's url lacks of Node's (nodejs.org/api/url.html).
"use strict";
Object.assign(exports, {
	fileURLToPath(url) {
		const u = new URL(url);
		if (u.protocol !== "file:") throw new TypeError(`the URL must be of scheme file: ${u}`);
		return decodeURIComponent(u.pathname);
	},
	pathToFileURL: (path) => new URL("file://" + encodeURI(require("path").resolve(path)).replace(/[?#]/g, encodeURIComponent)),
	parse(text, withQuery = false) {
		const m = /^(?:([a-z][a-z0-9+.-]*:))?(\/\/)?(?:([^/?#@]*)@)?([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i.exec(text);
		const [, protocol = null, slashes, auth = null, authority, path, search = null, hash = null] = m;
		const host = slashes ? authority : "", pathname = (slashes ? "" : authority) + path || null;
		const port = /:(\d+)$/.exec(host)?.[1] ?? null;
		const query = search === null ? null : search.slice(1);
		return { protocol, slashes: slashes ? true : null, auth, host: host || null, port, hostname: port ? host.slice(0, -port.length - 1) : host || null, hash, search,
			query: withQuery ? require("querystring").parse(query ?? "") : query, pathname, path: pathname === null && search === null ? null : (pathname ?? "") + (search ?? ""), href: text };
	},
	format: (u) => (typeof u === "string" || u instanceof URL ? String(u)
		: `${u.protocol ?? ""}${u.slashes ? "//" : ""}${u.auth ? u.auth + "@" : ""}${u.host ?? (u.hostname ?? "") + (u.port ? ":" + u.port : "")}${u.pathname ?? ""}${u.search ?? ""}${u.hash ?? ""}`),
	resolve: (from, to) => String(new URL(to, from)),
});
exports.URL.canParse ??= (url, base) => { try { return Boolean(new URL(url, base)); } catch { return false; } };
