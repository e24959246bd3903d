// image: pg64
const other = open(args[0]);
const space = other.cpu(0).space, block = other.blocks[0], p = ptr(other, 0x400000n), cr3 = other.cpu(0).cr3;
const words = struct("struct words { u32 first, second; };"), w = words.at(other, 0x400000n);
const hits = other.scan("PGGUEST"), pages = space.mappings();

// A loop that is under way goes on to its end, on a file that stays open so long.
let seen = 0;
for (const hit of hits) {
	if (seen++ === 0) other.close();
}
assert(seen > 1, "the loop ended early");
other.close();

equal(other.closed, true);
equal(vm.closed, false);
equal(cr3, 0x100000n);
const uses = {
	vm: () => other.readU8(0), tryRead: () => other.tryRead(0, 1), property: () => other.size, cpu: () => other.cpus,
	space: () => space.readU64(0), translate: () => space.translate(0), block: () => block.read(0, 1), scan: () => hits.toArray(),
	mappings: () => pages.first(), pointer: () => p.readPointer(), field: () => w.first, decode: () => w.$decode(), at: () => words.at(other, 0),
	diff: () => diff(vm, other).first(), hash: () => other.sha256(0, 10), explain: () => other.explain(0),
};
for (const [name, use] of Object.entries(uses)) throws(use, TypeError, /the image .*image\.sav.* was closed/);
assert(vm.readU8(0x400000n) === 0x50, "the other VM reads on");

throws(() => vm.close(), TypeError, /the script did not open this image/);
const again = open(args[0]);
assert(again !== other && again.readU8(0x400000n) === 0x50, "opened again");
again[Symbol.dispose]();
throws(() => again.readU8(0), TypeError, /was closed/);
const made = synthetic({ ram: [{ size: 4096 }] });
made.close();
throws(() => made.readU8(0), TypeError, /was closed/);
