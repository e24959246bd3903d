// Node's StringDecoder (nodejs.org/api/string_decoder.html).
"use strict";
class StringDecoder {
	constructor(encoding = "utf8") {
		this.encoding = encoding.toLowerCase().replace("utf-8", "utf8");
		const label = { utf8: "utf-8", utf16le: "utf-16le", "utf-16le": "utf-16le", ucs2: "utf-16le", "ucs-2": "utf-16le" }[this.encoding];
		const decoder = label && new TextDecoder(label, { ignoreBOM: true });
		this.decode = decoder ? (bytes, stream) => decoder.decode(bytes, { stream }) : (bytes) => Buffer.from(bytes).toString(this.encoding);
	}
	write(bytes) { return this.decode(bytes, true); }
	end(bytes = new Uint8Array(0)) { return this.decode(bytes, false); }
}
exports.StringDecoder = StringDecoder;
