// Package kallsyms finds the kernel's own symbol table in its memory and decodes it, with nothing known beforehand but where to look.
//
// The tables are what scripts/kallsyms.c writes into the kernel's .rodata at build time:
//
//	num_syms     u32 (before 4.20 a long), aligned to a word, as everything here
//	names        for each symbol by address: length, then so many tokens, the first of which begins with the symbol's type.
//	             From 6.1 a length with bit 7 set has 7 more bits in a second byte (ULEB128)
//	markers      u32 (before 4.20 longs): where in names every 256th symbol begins
//	seqs_of_names  6.2 and 6.3, and stable kernels: 3 bytes a symbol
//	token_table  256 NUL-terminated strings
//	token_index  256 u16: where in token_table each begins
//
// and the addresses, in one of these forms:
//
//	addresses      words, before num_syms, or from 6.4 after token_index. 32-bit kernels from 7.0 have no other form
//	offsets, relative_base   u32 from the base, in the same places (4.6 to 6.19)
//	offsets with KALLSYMS_ABSOLUTE_PERCPU   those ≥ 0 are absolute (per-CPU symbols), -1-x stands for base+x (x86-64 up to 6.14)
//	offsets that count from themselves      from 7.0, after token_index: the symbol is at &offsets[i] + offsets[i]
//
// Which one it is shows in the values: read in the right way they ascend.
package kallsyms
