package paging_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/svscript/svscript/savevm/memory"
	"github.com/svscript/svscript/savevm/paging"
)

func list(m *paging.Mappings) (rows []string) {
	for r := range m.All() {
		rows = append(rows, fmt.Sprintf("%#x+%#x %#x/%#x %s", r.Base, r.Size, r.Physical, r.PageSize, r.Flags))
	}
	for _, s := range m.Skipped() {
		rows = append(rows, fmt.Sprintf("skipped %#x+%#x %s", s.Base, s.Size, s.Reason))
	}
	return rows
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// guest is a small 4-level address space with one of everything.
func guest(t testing.TB) (*sparse, *paging.Space) {
	m := newSparse()
	for _, p := range []put{
		{0x1000, 0x2007}, {0x1008, 0x9007}, {0x1ff8, 0x2003 | xd},
		{0x2000, 0x3007}, {0x2008, 0x6007},
		{0x3000, 0x4007}, {0x3008, 0x5007}, {0x3010, 0x400087}, {0x3018, 0x600087}, {0x3020, 0x800087 | 1<<40},
		{0x4ff0, 0x10007}, {0x4ff8, 0x11007}, {0x5000, 0x12007}, {0x5008, 0x13003}, {0x5010, 0x20003},
	} {
		m.put64(p.address, p.entry)
	}
	m.page(0x10000)
	copy(m.page(0x11000)[0xffc:], "four")
	copy(m.page(0x12000), "bytes")
	m.absent(0x13000)
	m.absent(0x6000)
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000, NXE: true, PhysBits: 40})
	if err != nil {
		t.Fatal(err)
	}
	return m, s
}

func TestMappings(t *testing.T) {
	_, s := guest(t)
	all := s.Mappings(0, ^uint64(0), 0)
	same(t, list(all),
		"0x1fe000+0x3000 0x10000/0x1000 rwxu",
		"0x201000+0x1000 0x13000/0x1000 rwx-",
		"0x202000+0x1000 0x20000/0x1000 rwx-",
		"0x400000+0x400000 0x400000/0x200000 rwxu",
		"0xffffff80001fe000+0x4000 0x10000/0x1000 rw--",
		"0xffffff8000202000+0x1000 0x20000/0x1000 rw--",
		"0xffffff8000400000+0x400000 0x400000/0x200000 rw--",
		"skipped 0x800000+0x200000 reserved bits 0x10000000000 set: PD entry at 0x3020 is 0x10000800087",
		"skipped 0x40000000+0x40000000 PD entry at 0x6000: cannot read test memory at 0x6000: the image does not hold these bytes",
		"skipped 0x8000000000+0x8000000000 PDPT entry at 0x9000: cannot read test memory at 0x9000: nothing is mapped there",
		"skipped 0xffffff8000800000+0x200000 reserved bits 0x10000000000 set: PD entry at 0x3020 is 0x10000800087",
		"skipped 0xffffff8040000000+0x40000000 PD entry at 0x6000: cannot read test memory at 0x6000: the image does not hold these bytes",
	)
	if all.Complete() {
		t.Error("complete, though parts were skipped")
	}
	cut := s.Mappings(0x1ff800, 0x5fffff, 0)
	same(t, list(cut),
		"0x1ff800+0x1800 0x11800/0x1000 rwxu",
		"0x201000+0x1000 0x13000/0x1000 rwx-",
		"0x202000+0x1000 0x20000/0x1000 rwx-",
		"0x400000+0x200000 0x400000/0x200000 rwxu",
	)
	if !cut.Complete() {
		t.Error("not complete, though nothing was skipped")
	}
	same(t, list(s.Mappings(1, 0, 0)))
	// User pages: what is behind a table entry that only the kernel may use need not be read.
	same(t, list(s.Mappings(1<<47, ^uint64(0), paging.FlagUser)))
	same(t, list(s.Mappings(0, 1<<30-1, paging.FlagUser|paging.FlagLarge)),
		"0x400000+0x400000 0x400000/0x200000 rwxu",
		"skipped 0x800000+0x200000 reserved bits 0x10000000000 set: PD entry at 0x3020 is 0x10000800087",
	)
}

func TestMappingsStop(t *testing.T) {
	m, s := guest(t)
	before := m.reads.Load()
	l := s.Mappings(0, ^uint64(0), 0)
	for range l.All() {
		break
	}
	if n := m.reads.Load() - before; n > 5 || l.Complete() {
		t.Errorf("%d reads for the first mapping; complete %v", n, l.Complete())
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	l = s.MappingsContext(ctx, 0, ^uint64(0), 0)
	n := 0
	for range l.All() {
		cancel(errors.New("interrupted"))
		n++
	}
	skipped := l.Skipped()
	if n > 10 || l.Complete() || len(skipped) == 0 || skipped[len(skipped)-1].Reason != "interrupted" {
		t.Errorf("%d mappings after the end; skipped %v", n, skipped)
	}
}

// A page directory that maps itself: every table of the guest is also a page (testdata: pgguest MODE 32 does so too).
func TestRecursive(t *testing.T) {
	m := newSparse()
	m.put64(0x1000, 0x2003)
	m.put64(0x2000, 0x3003)
	m.put64(0x3000, 0x4003)
	m.put64(0x4008, 0x9003)
	m.put64(0x1800, 0x1003) // 256
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Mappings(0, ^uint64(0), 0)
	same(t, list(l),
		"0x1000+0x1000 0x9000/0x1000 rwx-",
		"0xffff800000000000+0x1000 0x4000/0x1000 rwx-",
		"0xffff804000000000+0x1000 0x3000/0x1000 rwx-",
		"0xffff804020000000+0x1000 0x2000/0x1000 rwx-",
		"0xffff804020100000+0x1000 0x1000/0x1000 rwx-",
	)
	if !l.Complete() {
		t.Error("skipped", l.Skipped())
	}
}

// Tables all of whose entries lead back to them: 2^36 pages and more, of which only some may be listed.
func TestHostile(t *testing.T) {
	for _, mode := range paging.Modes()[1:] {
		t.Run(mode, func(t *testing.T) {
			const root = 0x10000
			m := newSparse()
			for page := uint64(root); page < root+0x10000; page += 4096 {
				for i := uint64(0); i < 4096; i += 8 {
					switch {
					case strings.HasPrefix(mode, "sv"):
						m.put64(page+i, root>>2|0x1) // a pointer
						if i%16 == 8 {
							m.put64(page+i, root>>2|0x0f) // a page; at other levels aligned or not
						}
						if mode == "sv32" {
							m.put64(page+i, root>>2|1|(root>>2|0xf)<<32)
						}
					case mode == "x86-32":
						m.put64(page+i, (root|7)<<32|root|7)
					default:
						m.put64(page+i, root|7|0x400)
					}
				}
			}
			s, err := paging.New(m, paging.Config{Mode: mode, Root: root})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			l := s.Mappings(0, ^uint64(0), 0)
			n := 0
			var end uint64
			for r := range l.All() {
				if r.Base < end {
					t.Fatalf("%#x after %#x", r.Base, end)
				}
				end = r.Last()
				n++
			}
			if n == 0 || n > 20_000_000 || (l.Complete() && mode != "x86-32" && mode != "sv32" && mode != "x86-pae") {
				t.Errorf("%d mappings, complete %v", n, l.Complete())
			}
			for i, skip := range l.Skipped() {
				if i > 0 {
					if p := l.Skipped()[i-1]; p.Base+p.Size > skip.Base {
						t.Fatalf("%+v after %+v", skip, p)
					}
				}
			}
			count := 0
			for range s.Extents(0, ^uint64(0)) {
				count++
			}
			t.Logf("%d mappings, %d skipped, %d extents, %v, %+v", n, len(l.Skipped()), count, time.Since(start).Round(time.Millisecond), l.Skipped()[:min(1, len(l.Skipped()))])
		})
	}
}

// A kernel's shadow region maps one table over and over; what comes behind it must be listed all the same.
func TestSharedTable(t *testing.T) {
	m := newSparse()
	m.put64(0x1000, 0x2003)
	for i := uint64(0); i < 511; i++ {
		m.put64(0x2000+i*8, 0x3003)
		m.put64(0x3000+i*8, 0x4003)
		m.put64(0x4000+i*8, 0x5001)
	}
	m.put64(0x2ff8, 0x6003)
	m.put64(0x6000, 0x7003)
	m.put64(0x7000, 0x8003)
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		t.Fatal(err)
	}
	l := s.Mappings(0, ^uint64(0), 0)
	var last paging.Mapping
	for r := range l.All() {
		last = r
	}
	if last.Physical != 0x8000 || last.Base != 511<<30 {
		t.Errorf("last mapping %+v", last)
	}
	skipped := l.Skipped()
	if len(skipped) == 0 || len(skipped) > 1000 || !strings.Contains(skipped[0].Reason, "PT at 0x4000 has been listed 64 times") {
		t.Errorf("%d skipped, the first %+v", len(skipped), skipped[0])
	}
}

func TestReadMemory(t *testing.T) {
	_, s := guest(t)
	b := make([]byte, 8)
	if n, err := s.ReadMemory(b, 0x1ffffc); n != 8 || err != nil || string(b) != "fourbyte" {
		t.Errorf("%q, %d, %v", b, n, err)
	}
	for _, test := range []struct {
		va     uint64
		n      int
		reason memory.Reason
		text   string
	}{
		{0x200ffc, 4, memory.ReasonAbsent,
			"cannot read x86-4level space 0x1000 at 0x201000: the image does not hold these bytes (physical address 0x13000)"},
		{0x202ffc, 0, memory.ReasonUnmapped,
			"cannot read x86-4level space 0x1000 at 0x202ffc: nothing is mapped there (physical address 0x20ffc)"},
		{0x1fdffc, 0, memory.ReasonUnmapped, "(not present: PT entry at 0x4fe8 is 0x0)"},
		{0x40000000, 0, memory.ReasonAbsent, "the image does not hold these bytes (PD entry at 0x6000: "},
		{0x7fff_ffff_ffff, 0, memory.ReasonUnmapped, "(not present: PML4 entry at 0x17f8 is 0x0)"},
		{0x8000_0000_0000, 0, memory.ReasonUnmapped, "(not a canonical address of 48 bits)"},
	} {
		n, err := s.ReadMemory(b, test.va)
		var e *memory.Error
		if n != test.n || !errors.As(err, &e) || e.Reason != test.reason || e.Address != test.va+uint64(n) || e.Length != 8 ||
			!strings.Contains(err.Error(), test.text) {
			t.Errorf("%#x: %d bytes, %v", test.va, n, err)
		}
	}
}

// The last page of the address space, and a read beyond it.
func TestReadAtTop(t *testing.T) {
	m := newSparse()
	m.put64(0x1ff8, 0x2003)
	m.put64(0x2ff8, 0x3003)
	m.put64(0x3ff8, 0x4003)
	m.put64(0x4ff8, 0x5003)
	m.put64(0x5ff8, 0x0807060504030201)
	s, err := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := memory.ReadU64(s, ^uint64(7)); v != 0x0807060504030201 || err != nil {
		t.Errorf("%#x, %v", v, err)
	}
	if n, err := s.ReadMemory(make([]byte, 8), ^uint64(3)); n != 4 || reasonOf(err) != memory.ReasonUnmapped {
		t.Errorf("%d, %v", n, err)
	}
	for r := range s.Mappings(0, ^uint64(0), 0).All() {
		if r.Last() != ^uint64(0) {
			t.Errorf("%+v", r)
		}
	}
}

func TestExtents(t *testing.T) {
	_, s := guest(t)
	var got []string
	for e := range s.Extents(0x1ff800, 1<<48) {
		got = append(got, fmt.Sprintf("%#x+%#x %s %#x", e.Base, e.Size, e.Kind, e.Beneath))
	}
	same(t, got,
		"0x1ff800+0x1800 data 0x11800",
		"0x201000+0x1000 absent 0x13000",
		"0x40000000+0x40000000 absent 0x0",
	)
	identity, err := paging.New(memory.Bytes(make([]byte, 0x180000)), paging.Config{A20Mask: 0xffefffff})
	if err != nil {
		t.Fatal(err)
	}
	got = nil
	for e := range identity.Extents(0x80000, 0x2fffff) {
		got = append(got, fmt.Sprintf("%#x+%#x %s %#x", e.Base, e.Size, e.Kind, e.Beneath))
	}
	same(t, got, "0x80000+0x80000 data 0x80000", "0x100000+0x100000 data 0x0")
	same(t, list(identity.Mappings(0x80000, 0x2fffff, paging.FlagWrite)),
		"0x80000+0x80000 0x80000/0x1000 rwxu", "0x100000+0x100000 0x0/0x1000 rwxu")
}

// A table page of which the image holds a part is read entry by entry.
func TestTornTable(t *testing.T) {
	m, _ := guest(t)
	torn := tornMemory{m, 0x4ff8}
	s, err := paging.New(torn, paging.Config{Mode: "x86-4level", Root: 0x1000})
	if err != nil {
		t.Fatal(err)
	}
	if pa, err := s.Translate(0x1fe123); pa != 0x10123 || err != nil {
		t.Errorf("%#x, %v", pa, err)
	}
	if _, err := s.Translate(0x1ff123); reasonOf(err) != memory.ReasonAbsent {
		t.Error(err)
	}
	l := s.Mappings(0, 0x1fffff, 0)
	same(t, list(l), "0x1fe000+0x1000 0x10000/0x1000 rwxu",
		"skipped 0x1ff000+0x1000 PT entry at 0x4ff8: cannot read memory at 0x4ff8: the image does not hold these bytes")
}

type tornMemory struct {
	*sparse
	hole uint64 // 8 bytes that cannot be read
}

func (m tornMemory) ReadMemory(p []byte, address uint64) (int, error) {
	if address+uint64(len(p)) <= m.hole || address >= m.hole+8 {
		return m.sparse.ReadMemory(p, address)
	}
	n, _ := m.sparse.ReadMemory(p[:max(m.hole, address)-address], address)
	return n, &memory.Error{Address: address + uint64(n), Length: uint64(len(p)), Reason: memory.ReasonAbsent}
}

func TestNoCache(t *testing.T) {
	m, _ := guest(t)
	cached, _ := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000})
	live, _ := paging.New(m, paging.Config{Mode: "x86-4level", Root: 0x1000, NoCache: true})
	for i, want := range []uint64{0x10000, 0x30000} {
		if i == 1 {
			m.put64(0x4ff0, 0x30007)
			cached.Translate(0x1fe000)
		}
		if pa, err := live.Translate(0x1fe000); pa != want || err != nil {
			t.Errorf("%#x, %v", pa, err)
		}
		if w := live.Walk(0x1fe000); w.Physical != want {
			t.Errorf("%+v", w)
		}
	}
}

func TestParallel(t *testing.T) {
	m, s := guest(t)
	for range m.Extents(0, ^uint64(0)) { // sorts, once
	}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for j := range uint64(2000) {
				va := 0x1fe000 + (j*7+uint64(i))%3<<12
				if pa, err := s.Translate(va); pa != va-0x1fe000+0x10000 || err != nil {
					t.Errorf("%#x: %#x, %v", va, pa, err)
				}
				s.Translate(j << 30)
			}
		})
	}
	wg.Wait()
}
