package bindings

import (
	"encoding/binary"
	"errors"
	"math/big"
	"reflect"
	"strings"

	"github.com/dop251/goja"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/memory"
)

const (
	maxElements = 1 << 20 // of an array that a script gets
	maxSource   = 16 << 20
)

var structTypeClass = Class{
	Name: "StructType",
	Help: "A data type of C, laid out for the guest. at() lays it over memory; reading a field then reads just that field.",
	Members: []*Member{
		{Name: "name", Kind: Property, Type: "string", Help: `As C names it: "struct list_head".`,
			native: on(func(s *structType, c call) goja.Value { return c.b.str(s.t.String()) })},
		{Name: "kind", Kind: Property, Type: "string", Help: `"struct", "union", "pointer", "array", "int", "uint", "enum", …`,
			native: on(func(s *structType, c call) goja.Value { return c.b.str(s.t.Strip().Kind().String()) })},
		{Name: "sizeof", Kind: Property, Type: "number", Help: "Bytes; of a partial type, up to the last member that is known.",
			native: on(func(s *structType, c call) goja.Value { return c.b.number(s.t.Size()) })},
		{Name: "partial", Kind: Property, Type: "boolean", Help: "Whether it has members that are not known: its layout was inferred (Linux.typesFrom).",
			native: on(func(s *structType, c call) goja.Value { return c.b.boolean(s.t.Partial()) })},
		{Name: "align", Kind: Property, Type: "number", Help: "Bytes.",
			native: on(func(s *structType, c call) goja.Value { return c.b.number(s.t.Align()) })},
		{Name: "fields", Kind: Property, Type: "StructField[]", Help: "The fields, those of anonymous structs and unions included.", native: on((*structType).fieldList)},
		{Name: "definition", Kind: Property, Type: "string", Help: "The C source, with offsets, sizes and holes.",
			native: on(func(s *structType, c call) goja.Value { return c.b.str(s.t.Definition()) })},
		{Name: "constants", Kind: Property, Type: "Record<string, number | bigint>", Help: "An enum's enumerators; else those and the integer macros that the same C source declares.",
			native: on((*structType).constants)},
		{Name: "at", Args: []Arg{{Name: "memory", Type: "Memory"}, {Name: "address", Type: "Address | Pointer"}}, Type: "StructFields", Overloads: placed("StructFields"),
			Help:   "The type laid over an address. Of a type that is no struct or union, its value. A type of vm.linux needs no memory.",
			native: on((*structType).at)},
		{Name: "arrayAt", Args: []Arg{{Name: "memory", Type: "Memory"}, {Name: "address", Type: "Address | Pointer"}, {Name: "count", Type: "Size"}},
			Type: "StructFields[]", Overloads: placed("StructFields[]", Arg{Name: "count", Type: "Size"}), Help: "So many of them, one behind the other.", native: on((*structType).arrayAt)},
		{Name: "decode", Args: []Arg{{Name: "bytes", Type: "ArrayBufferView | ArrayBuffer"}}, Type: "any",
			Help: "Plain data of the bytes of one. Throws a RangeError when they are too few.", native: on((*structType).decodeBytes)},
		{Name: "offsetOf", Args: []Arg{{Name: "path", Type: "string", Help: `"a.b[3].c"`}}, Type: "number", Help: "C's offsetof, in bytes.",
			native: on((*structType).offsetOf)},
		{Name: "containerOf", Args: []Arg{{Name: "memory", Type: "Memory"}, {Name: "address", Type: "Address | Pointer"}, {Name: "path", Type: "string"}},
			Type: "StructFields", Overloads: placed("StructFields", Arg{Name: "path", Type: "string"}), Help: "The struct whose field at path lies at the address: the kernel's container_of.", native: on((*structType).containerOf)},
		{Name: "type", Args: []Arg{{Name: "name", Type: "string"}}, Type: "StructType", Help: "Another type that the same source declares.",
			native: on((*structType).other)},
		{Name: "toString", Type: "string", Help: "The definition.", native: on(func(s *structType, c call) goja.Value { return c.b.str(s.t.Definition()) })},
	},
}

var structValueClass = Class{
	Name: "StructValue",
	Help: "A struct in memory. Each field is a property, read when asked for: numbers, BigInts for 64-bit fields and pointers, strings for " +
		"char arrays, Uint8Arrays for byte arrays, arrays, nested StructValues. Object.keys lists them. What is not a field begins with $.",
	Members: []*Member{
		{Name: "$address", Kind: Property, Type: "bigint", Help: "Where it is.", native: on(func(v *structValue, c call) goja.Value { return c.b.u64(v.base) })},
		{Name: "$memory", Kind: Property, Type: "Memory", Help: "What it lies in.", native: on(func(v *structValue, c call) goja.Value { return v.m.object })},
		{Name: "$type", Kind: Property, Type: "StructType", Help: "Its type.", native: on(func(v *structValue, c call) goja.Value { return v.of.object })},
		{Name: "$field", Args: []Arg{{Name: "path", Type: "string", Help: `"a.b[3].c"`}}, Type: "any", Help: "What lies at a path.",
			native: on((*structValue).field)},
		{Name: "$deref", Args: []Arg{{Name: "path", Type: "string", Help: "of a pointer"}}, Type: "any",
			Help: "What a pointer points to, as its type says; null for a null pointer.", native: on((*structValue).deref)},
		{Name: "$decode", Type: "any", Help: "Everything in it as plain data, in one read.", native: on((*structValue).decode)},
		{Name: "decode", Type: "any", Help: "As $decode, unless the struct has a field of that name.", native: on((*structValue).decode)},
		{Name: "toJSON", Type: "any", Help: "As $decode.", native: on((*structValue).decode)},
		{Name: "toString", Type: "string", Help: "The values as C would initialise them, with addresses.", native: on((*structValue).text)},
	},
}

var structRecords = []*Class{
	{Name: "StructField", Kind: KindRecord, Help: "A field of a StructType.", Members: []*Member{
		prop("name", "string", "Its name."),
		prop("type", "string", "As C writes it."),
		prop("offset", "number", "Bytes from the start of the struct; of a bit-field, of the byte with its first bit."),
		prop("size", "number", "Bytes; of a bit-field, those of its declared type."),
		prop("bitOffset", "number | null", "Of a bit-field: bits from the start of the struct."),
		prop("bitSize", "number | null", "Of a bit-field: bits."),
	}},
	{Name: "StructOptions", Kind: KindOptions, Help: "How C is laid out.", Members: []*Member{
		opt("abi", `"amd64" | "i386" | "arm64" | "riscv64" | "s390x"`, "The guest's when left out; amd64 without a guest."),
		opt("byteOrder", `"little" | "big"`, "The ABI's when left out."),
		opt("name", "string", "Of a struct made of {field: type}."),
		opt("packed", "boolean", "Without padding, for a struct made of {field: type}."),
	}},
}

// placed are the ways to call a row whose first arguments are a memory and an address in it: types of a kernel know the memory.
func placed(result string, more ...Arg) []Overload {
	address := Arg{Name: "address", Type: "Address | Pointer"}
	return []Overload{
		{Args: append([]Arg{{Name: "memory", Type: "Memory"}, address}, more...), Type: result},
		{Args: append([]Arg{address}, more...), Type: result},
	}
}

// placedIn puts the type's own memory before the arguments where they begin with an address.
func (c call) placedIn(s *structType) call {
	if s.home == nil {
		return c
	}
	if o, ok := c.Argument(0).(*goja.Object); ok {
		if _, isMemory := c.b.unwrap(o).(memoryHolder); isMemory {
			return c
		}
	}
	c.Arguments = append([]goja.Value{s.home.object}, c.Arguments...)
	return c
}

// A structType is the Go side of a StructType. There is one for each type.
type structType struct {
	b      *Bindings
	t      *ctype.Type
	set    *ctype.Set // the source it comes from; nil for others
	object *goja.Object
	home   *memoryObject // where it lies when no memory is given; nil: one must be
	slots  []ctype.Value

	members map[string]ctype.Member // of its StructValues; nil until there is one
	names   []string                // of members, in order
}

// A structValue is the Go side of a StructValue.
type structValue struct {
	of   *structType
	m    *memoryObject
	base uint64
}

var abis = map[string]*ctype.ABI{
	"amd64": ctype.AMD64, "i386": ctype.I386, "arm64": ctype.ARM64, "riscv64": ctype.RISCV64, "s390x": ctype.S390X,
	"x86_64": ctype.AMD64, "aarch64": ctype.ARM64,
}

// abi is the option abi, or that of the guest.
func (c call) abi(o opts) *ctype.ABI {
	name := o.text("abi", "")
	if name == "" {
		name = "amd64"
		if v := c.b.main; v != nil {
			if name = v.target.Info().Arch; name == "x86_64" && v.pointer == 4 {
				name = "i386"
			}
		}
	}
	abi := abis[name]
	if abi == nil {
		if v := o.get("abi"); v != nil {
			c.bad("abi", v, `must be "amd64", "i386", "arm64", "riscv64" or "s390x"`, false)
		}
		abi = ctype.AMD64
	}
	switch o.text("byteOrder", "") {
	case "":
	case "little":
		abi = abi.WithOrder(binary.LittleEndian)
	case "big":
		abi = abi.WithOrder(binary.BigEndian)
	default:
		c.bad("byteOrder", o.get("byteOrder"), `must be "little" or "big"`, false)
	}
	return abi
}

func makeStruct(c call) goja.Value {
	b, o := c.b, c.options(1)
	abi := c.abi(o)
	if definition, ok := c.Argument(0).(*goja.Object); ok && definition.ClassName() == "Object" {
		return b.structTypeOf(c.structOf(definition, abi, o), nil).object
	}
	source := c.text(0)
	if len(source) > maxSource {
		c.throwRange("struct: the source has %d bytes; %d are the most", len(source), maxSource)
	}
	if !strings.ContainsAny(source, "{;") {
		t, err := ctype.ParseType(source, abi, b.knownTypes(abi))
		b.checkSyntax(err)
		b.checkComplete(t)
		return b.structTypeOf(t, nil).object
	}
	set, err := ctype.ParseC(source, abi, b.knownTypes(abi))
	b.checkSyntax(err)
	main := set.Main()
	if main == nil {
		c.throwType("struct: the source declares no type: write struct NAME {…};, or the name of a type alone")
	}
	for _, d := range set.Decls {
		if d.Type != nil && (d.Kind == ctype.DeclType || d.Kind == ctype.DeclTypedef) {
			b.declared[keyOf(abi, d.Name)] = d.Type
		}
	}
	return b.structTypeOf(main, set).object
}

// typeKey names a type that a script has declared.
type typeKey struct {
	abi       string
	bigEndian bool
	name      string
}

func keyOf(abi *ctype.ABI, name string) typeKey {
	return typeKey{abi.Name, abi.ByteOrder == binary.BigEndian, name}
}

// knownTypes finds the types that scripts declared before, then the guest's own: its kernel's, which is looked for now unless it was
// before, so that what a source means does not depend on what a script did with vm.linux.
func (b *Bindings) knownTypes(abi *ctype.ABI) func(string) *ctype.Type {
	return func(name string) *ctype.Type {
		if t := b.declared[keyOf(abi, name)]; t != nil {
			return t
		}
		switch {
		case b.main == nil:
			return nil
		case b.options.Type != nil:
			return b.options.Type(b.main.target, name)
		}
		return b.main.kernel().known(abi, name)
	}
}

func (b *Bindings) checkSyntax(err error) {
	var syntax *ctype.SyntaxError
	if errors.As(err, &syntax) {
		e, failed := b.rt.New(b.builtins.syntaxError, b.str("struct: "+syntax.Error()+"\n"+syntax.Caret()))
		b.must(failed)
		panic(e)
	}
	b.must(err)
}

// structOf makes a struct of {field: type}, where a type is C or a StructType.
func (c call) structOf(definition *goja.Object, abi *ctype.ABI, o opts) *ctype.Type {
	builder := ctype.NewStruct(o.text("name", ""), abi)
	if o.boolean("packed", false) {
		builder.Packed()
	}
	for _, name := range definition.Keys() {
		v := definition.Get(name)
		if s, ok := v.(goja.String); ok {
			t, err := ctype.ParseType(s.String(), abi, c.b.knownTypes(abi))
			c.b.checkSyntax(err)
			builder.Field(name, t)
			continue
		}
		if o, ok := v.(*goja.Object); ok {
			if s, ok := c.b.unwrap(o).(*structType); ok {
				builder.Field(name, s.t)
				continue
			}
		}
		c.bad("the type of "+name, v, "must be a string of C or a StructType", true)
	}
	t, err := builder.Type()
	if err != nil {
		c.throwType("struct: %v", err)
	}
	return t
}

// structTypeOf returns the StructType of a type.
func (b *Bindings) structTypeOf(t *ctype.Type, set *ctype.Set) *structType {
	if s := b.structTypes[t]; s != nil {
		return s
	}
	s := &structType{b: b, t: t, set: set}
	s.object = b.hold("StructType", s)
	b.structTypes[t] = s
	return s
}

func (s *structType) fieldList(c call) goja.Value {
	members := s.t.Strip().Fields()
	items := make([]goja.Value, len(members))
	for i, m := range members {
		o := c.b.record("StructField")
		c.b.set(o, "name", c.b.str(m.Name))
		c.b.set(o, "type", c.b.str(m.Type.String()))
		c.b.set(o, "offset", c.b.number(m.Offset()))
		c.b.set(o, "size", c.b.number(m.Size()))
		c.b.set(o, "bitOffset", goja.Null())
		c.b.set(o, "bitSize", goja.Null())
		if m.BitSize != 0 {
			c.b.set(o, "bitOffset", c.b.number(m.BitOffset))
			c.b.set(o, "bitSize", c.b.number(m.BitSize))
		}
		items[i] = o
	}
	return c.b.array(items)
}

func (s *structType) constants(c call) goja.Value {
	o := c.b.rt.NewObject()
	constant := func(name string, value int64) {
		if value >= -maxSafeInteger && value <= maxSafeInteger {
			c.b.own(o, name, c.b.rt.ToValue(value))
		} else {
			c.b.own(o, name, c.b.s64(value))
		}
	}
	if t := s.t.Strip(); t.Kind() == ctype.Enum {
		for _, e := range t.Enumerators() {
			constant(e.Name, e.Value)
		}
	}
	if s.set == nil {
		return o
	}
	for _, d := range s.set.Decls {
		if d.Kind == ctype.DeclConst {
			constant(d.Name, d.Value)
		}
	}
	return o
}

func (s *structType) other(c call) goja.Value {
	name := c.text(0)
	if s.set != nil {
		if t := s.set.Type(name); t != nil {
			return c.b.structTypeOf(t, s.set).object
		}
	}
	c.throwRange("StructType.type: the source declares no type %s", given(c.Argument(0)))
	return nil
}

func (s *structType) at(c call) goja.Value {
	c = c.placedIn(s)
	return s.b.valueAt(s.t, c.memoryArg(0), c.pointerArg(1))
}

func (s *structType) arrayAt(c call) goja.Value {
	c = c.placedIn(s)
	m, at, n := c.memoryArg(0), c.pointerArg(1), c.integer(2, 0, maxElements)
	return s.b.elementsAt(s.t, m, at, n)
}

func (s *structType) containerOf(c call) goja.Value {
	c = c.placedIn(s)
	m, at, path := c.memoryArg(0), c.pointerArg(1), c.text(2)
	base, err := ctype.ContainerOf(s.t, path, at)
	if err != nil {
		c.throwRange("StructType.containerOf: %v", err)
	}
	return s.b.valueAt(s.t, m, base)
}

func (s *structType) offsetOf(c call) goja.Value {
	n, err := ctype.Offsetof(s.t, c.text(0))
	if err != nil {
		c.throwRange("StructType.offsetOf: %v", err)
	}
	return c.b.number(n)
}

func (s *structType) decodeBytes(c call) goja.Value {
	v, err := s.decode(c.bytesOf(0))
	if err != nil {
		c.throwRange("StructType.decode: %v", err)
	}
	return c.b.plain(v)
}

// decode decodes bytes into slots that are used again.
func (s *structType) decode(p []byte) (v ctype.Value, err error) {
	s.slots, v, err = ctype.DecodeInto(s.slots, s.t, p)
	return v, err
}

// isAggregate tells the types that have fields.
func isAggregate(t *ctype.Type) bool {
	k := t.Strip().Kind()
	return k == ctype.Struct || k == ctype.Union
}

// valueAt lays a struct over memory, or reads the value of another type.
func (b *Bindings) valueAt(t *ctype.Type, m *memoryObject, at uint64) goja.Value {
	b.checkComplete(t)
	m.vm.mustBeOpen()
	if isAggregate(t) {
		return b.structAt(t, m, at)
	}
	if a := t.Strip(); a.Kind() == ctype.Array && isAggregate(a.Elem()) {
		return b.elementsAt(a.Elem(), m, at, uint64(max(a.Len(), 0)))
	}
	v, err := ctype.DecodeAt(m.mem, at, t)
	if err != nil {
		b.throwStruct(err)
	}
	return b.plain(v)
}

// checkComplete throws for a type whose fields nobody has told.
func (b *Bindings) checkComplete(t *ctype.Type) {
	if reason, incomplete := t.Strip().Incomplete(); incomplete {
		panic(b.typeError("%s is not known: it is nowhere defined%s", t, strings.TrimRight(": "+reason, ": ")))
	}
}

func (b *Bindings) throwStruct(err error) {
	var tooLarge *ctype.TooLargeError
	if errors.As(err, &tooLarge) {
		panic(b.rangeError("%v", err))
	}
	b.throw(err)
}

func (b *Bindings) structAt(t *ctype.Type, m *memoryObject, at uint64) goja.Value {
	s := b.structTypeOf(t, nil)
	if s.members == nil {
		s.members = map[string]ctype.Member{}
		for _, m := range s.t.Strip().Fields() {
			s.members[m.Name] = m
			s.names = append(s.names, m.Name)
		}
	}
	o := b.rt.NewDynamicObject(&structFields{&structValue{s, m, at}})
	b.must(o.SetPrototype(b.protos["StructValue"]))
	return o
}

func (b *Bindings) elementsAt(t *ctype.Type, m *memoryObject, at, n uint64) goja.Value {
	if n > maxElements {
		panic(b.rangeError("an array of %d elements is too long to give at once; %d are the most", n, maxElements))
	}
	items := make([]goja.Value, n)
	for i := range items {
		items[i] = b.valueAt(t, m, at+uint64(i)*t.Size())
	}
	return b.array(items)
}

// structFields are the fields of a struct in memory as the own properties of its object.
type structFields struct{ *structValue }

var structFieldsType = reflect.TypeFor[*structFields]()

func (f *structFields) Get(name string) goja.Value {
	if m, ok := f.of.members[name]; ok {
		return f.member(m)
	}
	return nil
}

func (f *structFields) Set(name string, _ goja.Value) bool {
	panic(f.of.b.typeError("%s of %s cannot be set: memory of a saved machine is read only", name, f.of.t))
}

func (f *structFields) Has(name string) bool {
	_, ok := f.of.members[name]
	return ok
}

func (f *structFields) Delete(string) bool { return false }
func (f *structFields) Keys() []string     { return f.of.names }

// member reads a member: one with fields of its own is laid over its place.
func (v *structValue) member(m ctype.Member) goja.Value {
	b := v.of.b
	v.m.vm.mustBeOpen()
	t := m.Type.Strip()
	if isAggregate(t) || t.Kind() == ctype.Array && isAggregate(t.Elem()) {
		return b.valueAt(m.Type, v.m, v.base+m.Offset())
	}
	x, err := ctype.ReadMember(v.m.mem, v.base, m)
	if err != nil {
		b.throwStruct(err)
	}
	return b.plain(x)
}

func (v *structValue) lookup(c call) ctype.Member {
	m, err := v.of.t.Lookup(c.text(0))
	if err != nil {
		c.throwRange("StructValue.%s: %v", c.member.Name, err)
	}
	return m
}

func (v *structValue) field(c call) goja.Value { return v.member(v.lookup(c)) }

func (v *structValue) deref(c call) goja.Value {
	m := v.lookup(c)
	t := m.Type.Strip()
	if t.Kind() != ctype.Pointer {
		c.throwType("StructValue.$deref: %s is no pointer but %s", given(c.Argument(0)), m.Type)
	}
	if t.Elem().Strip().Kind() == ctype.Void || t.Elem().Strip().Kind() == ctype.Func {
		c.throwType("StructValue.$deref: %s is a %s, whose target has no type to read", given(c.Argument(0)), m.Type)
	}
	x, err := ctype.ReadMember(v.m.mem, v.base, m)
	if err != nil {
		v.of.b.throw(err)
	}
	if x.Uint() == 0 {
		return goja.Null()
	}
	return v.of.b.valueAt(t.Elem(), v.m, x.Uint())
}

func (v *structValue) decode(c call) goja.Value {
	size := v.of.t.Size()
	if size > maxRead {
		c.throwRange("StructValue.decode: %s has %d bytes, too many to decode at once", v.of.t, size)
	}
	p, err := v.m.fetch(v.base, int(size))
	if err != nil {
		c.b.throw(err)
	}
	x, err := v.of.decode(p)
	if err != nil {
		c.b.throwStruct(err)
	}
	return c.b.plain(x)
}

func (v *structValue) text(c call) goja.Value { return c.b.str(v.print()) }

// print shows what can be read, and says what cannot.
func (v *structValue) print() string {
	x, err := ctype.DecodeAt(v.m.mem, v.base, v.of.t)
	f := ctype.Formatting{Offsets: true, Address: v.base, MaxElements: 32}
	symbol := v.m.symbols()
	f.Symbol = func(address uint64) string { return symbolText(symbol, address) }
	var short *memory.Error
	switch {
	case err == nil:
		return f.Format(x)
	case errors.As(err, &short) && x.Valid():
		return f.Format(x) + "\n" + err.Error()
	}
	return v.of.t.String() + ": " + err.Error()
}

// plain makes plain data of a decoded value.
func (b *Bindings) plain(v ctype.Value) goja.Value {
	switch v.Kind() {
	case ctype.Bool:
		return b.boolean(v.Bool())
	case ctype.Float:
		return b.rt.ToValue(v.Float())
	case ctype.Pointer:
		return b.u64(v.Uint())
	case ctype.Int, ctype.UInt, ctype.Char, ctype.Enum:
		switch {
		case v.Bits() > 64:
			return b.rt.ToValue(new(big.Int).Set(v.Big()))
		case v.Wide() && v.Signed():
			return b.s64(v.Int())
		case v.Wide():
			return b.u64(v.Uint())
		}
		return b.rt.ToValue(v.Int())
	case ctype.Struct, ctype.Union:
		o := b.rt.NewObject()
		for i, m := range v.Type().Fields() {
			b.own(o, m.Name, b.plain(v.Index(i)))
		}
		return o
	case ctype.Array:
		return b.plainArray(v)
	}
	return goja.Null()
}

func (b *Bindings) plainArray(v ctype.Value) goja.Value {
	if v.IsText() {
		return b.str(strings.ToValidUTF8(v.Text(), "\ufffd"))
	}
	if e := v.Type().Elem().Strip(); e.Kind() == ctype.UInt && e.Size() == 1 {
		return b.bytes(append([]byte(nil), v.Bytes()...))
	}
	if v.Len() > maxElements {
		panic(b.rangeError("an array of %d elements is too long to give at once; %d are the most", v.Len(), maxElements))
	}
	items := make([]goja.Value, v.Len())
	for i := range items {
		items[i] = b.plain(v.Index(i))
	}
	return b.array(items)
}
