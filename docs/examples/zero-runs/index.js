// The library: what other scripts require("zero-runs") for.
"use strict";

/**
 * Runs of zero pages, in address order.
 * @param {Memory} memory
 * @param {{min?: number}} [options] min: the smallest run of interest, in bytes
 * @returns {Generator<{base: bigint, size: number}>}
 */
exports.zeroRuns = function* (memory, { min = 4096 } = {}) {
	let base = 0n, size = 0;
	for (const extent of memory.extents()) {
		const zero = extent.kind === "fill" && extent.fill === 0;
		if (size > 0 && !(zero && base + BigInt(size) === extent.base)) {
			if (size >= min) yield { base, size };
			size = 0;
		}
		if (!zero) continue;
		if (size === 0) base = extent.base;
		size += extent.size;
	}
	if (size > 0 && size >= min) yield { base, size };
};
