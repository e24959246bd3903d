// Package ctype is C's types as a memory image needs them: how large a structure is, where its members lie, what the bytes
// there mean, and how to print both.
//
// A [Type] comes from one of three places, and is the same thing from each:
//
//   - [ParseC] reads C declarations and lays them out as GCC and Clang do for the [ABI] of the guest;
//   - [NewStruct] lays out members that a program lists;
//   - [Lazy] takes a definition from elsewhere (BTF, DWARF), which is fetched when it is first asked for. Types that refer to
//     each other, a hundred thousand of them, cost nothing until they are used.
//
// A type then answers questions ([Type.Size], [Type.Fields], [Type.Lookup], [Offsetof], [ContainerOf]), decodes bytes
// ([Decode], [DecodeAt], [ReadMember]), and prints itself ([Type.Definition], as pahole does) or a value ([Formatting.Format], as crash and gdb do).
//
// Types do not change once they are made, and are safe for parallel use.
package ctype
