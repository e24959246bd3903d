// What of Node's os says nothing about the machine.
"use strict";
module.exports = { EOL: "\n", platform: () => process.platform, endianness: () => "LE", type: () => process.platform, arch: () => "", release: () => "", cpus: () => [] };
