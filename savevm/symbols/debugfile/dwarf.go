package debugfile

import (
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/svscript/svscript/savevm/ctype"
)

// dwarfTypes are the types of a kernel's DWARF. Its compilation units repeat what they share, and are read one after the other until
// what is asked for has been found: most is in the first ones, and only a name that does not exist costs a reading of them all.
type dwarfTypes struct {
	elf *elf.File
	abi *ctype.ABI

	mu    sync.Mutex
	data  *dwarf.Data
	err   error
	unit  *dwarf.Reader // at the next compilation unit
	index map[string]dwarf.Offset
	order []string
	done  bool
	made  map[dwarf.Type]*ctype.Type
}

// Type implements Types.
func (d *dwarfTypes) Type(name string) *ctype.Type {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := []string{name}
	if !strings.HasPrefix(name, "struct ") && !strings.HasPrefix(name, "union ") && !strings.HasPrefix(name, "enum ") {
		names = append(names, "struct "+name, "union "+name, "enum "+name)
	}
	for {
		for _, n := range names {
			if at, ok := d.index[n]; ok {
				t, err := d.data.Type(at)
				if err != nil {
					return nil
				}
				return d.convert(t)
			}
		}
		if !d.nextUnit() {
			return nil
		}
	}
}

// Names implements Types. It reads everything.
func (d *dwarfTypes) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		d.mu.Lock()
		for d.nextUnit() {
		}
		order := d.order
		d.mu.Unlock()
		for _, name := range order {
			if !yield(name) {
				return
			}
		}
	}
}

func (d *dwarfTypes) open() bool {
	if d.data == nil && d.err == nil {
		if d.data, d.err = d.elf.DWARF(); d.err == nil {
			d.unit, d.index, d.made = d.data.Reader(), map[string]dwarf.Offset{}, map[dwarf.Type]*ctype.Type{}
		}
	}
	return d.err == nil
}

var dwarfPrefixes = map[dwarf.Tag]string{
	dwarf.TagStructType: "struct ", dwarf.TagUnionType: "union ", dwarf.TagEnumerationType: "enum ", dwarf.TagTypedef: "", dwarf.TagBaseType: "",
}

// nextUnit notes the named types of the next compilation unit; false when there is none.
func (d *dwarfTypes) nextUnit() bool {
	if d.done || !d.open() {
		return false
	}
	unit, err := d.unit.Next()
	if err != nil || unit == nil {
		d.done = true
		return false
	}
	if !unit.Children {
		return true
	}
	for {
		e, err := d.unit.Next()
		if err != nil {
			d.done = true
			return false
		}
		if e == nil || e.Tag == 0 {
			return true // the unit's end
		}
		prefix, wanted := dwarfPrefixes[e.Tag]
		name, _ := e.Val(dwarf.AttrName).(string)
		if declaration, _ := e.Val(dwarf.AttrDeclaration).(bool); wanted && name != "" && !declaration {
			if _, ok := d.index[prefix+name]; !ok {
				d.index[prefix+name] = e.Offset
				d.order = append(d.order, prefix+name)
			}
		}
		if e.Children {
			d.unit.SkipChildren()
		}
	}
}

// convert makes a ctype of a type. The caller holds d.mu.
func (d *dwarfTypes) convert(t dwarf.Type) *ctype.Type {
	if made := d.made[t]; made != nil {
		return made
	}
	made := d.make(t)
	d.made[t] = made
	return made
}

// later is convert for what a type leads to, when it is asked for.
func (d *dwarfTypes) later(t dwarf.Type) *ctype.Type {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.convert(t)
}

func (d *dwarfTypes) make(t dwarf.Type) *ctype.Type {
	c, size := t.Common(), uint64(max(t.Common().ByteSize, 0))
	scalar := func(kind ctype.Kind, signed bool) *ctype.Type {
		return ctype.New(kind, c.Name, d.abi, ctype.Def{Size: size, Signed: signed})
	}
	refers := func(kind ctype.Kind, name string, to dwarf.Type, n int64) *ctype.Type {
		return ctype.Lazy(kind, name, d.abi, func() ctype.Def { return ctype.Def{Elem: d.later(to), Len: n} })
	}
	switch t := t.(type) {
	case *dwarf.CharType:
		if c.Name == "char" {
			return scalar(ctype.Char, true)
		}
		return scalar(ctype.Int, true)
	case *dwarf.UcharType:
		if c.Name == "char" {
			return scalar(ctype.Char, false)
		}
		return scalar(ctype.UInt, false)
	case *dwarf.IntType:
		return scalar(ctype.Int, true)
	case *dwarf.UintType, *dwarf.AddrType:
		return scalar(ctype.UInt, false)
	case *dwarf.BoolType:
		return scalar(ctype.Bool, false)
	case *dwarf.FloatType:
		return scalar(ctype.Float, true)
	case *dwarf.PtrType:
		return refers(ctype.Pointer, "", t.Type, 0)
	case *dwarf.TypedefType:
		return refers(ctype.Typedef, c.Name, t.Type, 0)
	case *dwarf.QualType:
		return refers(ctype.Qualified, t.Qual, t.Type, 0)
	case *dwarf.ArrayType:
		n := t.Count
		if n <= 0 {
			n = ctype.FlexibleLen
		}
		return refers(ctype.Array, "", t.Type, n)
	case *dwarf.FuncType:
		return ctype.Lazy(ctype.Func, "", d.abi, func() ctype.Def { return d.function(t) })
	case *dwarf.EnumType:
		return d.enum(t)
	case *dwarf.StructType:
		return d.composite(t)
	}
	return d.abi.Base("void")
}

func (d *dwarfTypes) function(t *dwarf.FuncType) ctype.Def {
	def := ctype.Def{Elem: d.abi.Base("void")}
	if t.ReturnType != nil {
		def.Elem = d.later(t.ReturnType)
	}
	for _, p := range t.ParamType {
		if _, ok := p.(*dwarf.DotDotDotType); ok {
			def.Variadic = true
			break
		}
		def.Members = append(def.Members, ctype.Member{Type: d.later(p)})
	}
	return def
}

func (d *dwarfTypes) enum(t *dwarf.EnumType) *ctype.Type {
	def := ctype.Def{Size: uint64(max(t.ByteSize, 0))}
	for _, v := range t.Val {
		def.Enumerators = append(def.Enumerators, ctype.Enumerator{Name: v.Name, Value: v.Val})
		def.Signed = def.Signed || v.Val < 0
	}
	return ctype.New(ctype.Enum, t.EnumName, d.abi, def)
}

// composite makes a struct or union. One that its unit only declares is taken from a unit that defines it.
func (d *dwarfTypes) composite(t *dwarf.StructType) *ctype.Type {
	kind := ctype.Struct
	if t.Kind == "union" {
		kind = ctype.Union
	}
	return ctype.Lazy(kind, t.StructName, d.abi, func() ctype.Def {
		if t.Incomplete {
			if full := d.Type(t.Kind + " " + t.StructName); full != nil {
				return ctype.Def{Size: full.Size(), Members: full.Members()}
			}
			return ctype.Def{Incomplete: true, Reason: "the DWARF only declares it"}
		}
		def := ctype.Def{Size: uint64(max(t.ByteSize, 0)), Members: make([]ctype.Member, 0, len(t.Field))}
		for _, f := range t.Field {
			def.Members = append(def.Members, d.member(f))
		}
		return def
	})
}

func (d *dwarfTypes) member(f *dwarf.StructField) ctype.Member {
	m := ctype.Member{Name: f.Name, Type: d.later(f.Type), BitOffset: uint64(f.ByteOffset) * 8, BitSize: uint64(max(f.BitSize, 0))}
	switch {
	case f.BitSize <= 0:
	case f.DataBitOffset != 0 || f.ByteSize == 0: // DWARF 4 and later
		m.BitOffset = uint64(f.ByteOffset)*8 + uint64(f.DataBitOffset)
	default: // DWARF 2: counted from the most significant bit of the unit
		m.BitOffset += uint64(f.ByteSize*8 - f.BitOffset - f.BitSize)
	}
	return m
}

// sortMembers puts members that a map held in the order of their offsets.
func sortMembers(all []ctype.Member) {
	slices.SortFunc(all, func(a, b ctype.Member) int {
		return cmp.Or(cmp.Compare(a.BitOffset, b.BitOffset), cmp.Compare(a.Name, b.Name))
	})
}

// sortEnumerators puts enumerators that a map held in the order of their values.
func sortEnumerators(all []ctype.Enumerator) {
	slices.SortFunc(all, func(a, b ctype.Enumerator) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Name, b.Name))
	})
}
