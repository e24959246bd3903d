// Package scan does the bulk work over a guest's memory: searching for many patterns in one pass, extracting strings, comparing
// two memories, and digests, histograms and entropy of ranges. It works over any [memory.Memory] (a RAM block, guest-physical
// memory, a virtual address space) and knows nothing of where its bytes come from.
//
// # Results
//
// [Scan], [Strings], [Diff] and [Entropy] return at once; the work is done while their sequence is ranged over, on all cores, and ends when
// the loop breaks. Results come in address order and do not depend on the number of workers. Each result embeds a [Coverage],
// which tells after the loop what could not be read: partial results are never silent.
//
//	result := scan.Scan(ctx, vm, []scan.Pattern{p}, scan.Options{Align: 8})
//	for hit := range result.Hits() {
//		fmt.Printf("%#x\n", hit.Address)
//	}
//	if !result.Complete() {
//		log.Print(result.Err(), result.Skipped())
//	}
//
// # What a match is
//
// A match may cross pages and extents that adjoin in address, and never crosses an address that cannot be read. It lies within
// the scanned range as a whole. Patterns of fixed length ([Hex], [Text], [Bytes], [Masked], [Int]) are found at every address
// where they match, so that hits may overlap: "00 00" is found three times in four zero bytes. Matches of one regular expression
// do not overlap; see [Regexp].
//
// In a virtual address space, memory that is mapped in several places in the same row is read and searched once by [Scan], and its
// matches are told at each (not for regular expressions, whose matches depend on those before).
//
// Runs of one byte value (extents of [memory.Fill]) that cannot hold a result are not read at all.
package scan
