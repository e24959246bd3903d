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
		if (extent.kind === "fill" && extent.fill === 0 && (size === 0 || base + BigInt(size) === extent.base)) {
			if (size === 0) base = extent.base;
			size += extent.size;
			continue;
		}
		if (size >= min) yield { base, size };
		size = 0;
	}
	if (size >= min) yield { base, size };
};
