package debugfile

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync"

	"github.com/svscript/svscript/savevm/ctype"
	"github.com/svscript/svscript/savevm/symbols/symtab"
)

// The parts of volatility3's Intermediate Symbol Format (its schemas/schema-6.2.0.json) that are used.
type isf struct {
	BaseTypes map[string]isfBase      `json:"base_types"`
	UserTypes map[string]isfComposite `json:"user_types"`
	Enums     map[string]isfEnum      `json:"enums"`
	Symbols   map[string]isfSymbol    `json:"symbols"`

	abi  *ctype.ABI
	mu   sync.Mutex
	made map[string]*ctype.Type
}

type isfBase struct {
	Size   uint64 `json:"size"`
	Signed bool   `json:"signed"`
	Kind   string `json:"kind"` // "int", "char", "bool", "float", "void"
}

type isfComposite struct {
	Size   uint64              `json:"size"`
	Kind   string              `json:"kind"` // "struct", "union"
	Fields map[string]isfField `json:"fields"`
}

type isfField struct {
	Offset    uint64  `json:"offset"`
	Type      isfType `json:"type"`
	Anonymous bool    `json:"anonymous"`
}

type isfType struct {
	Kind        string   `json:"kind"` // "base", "struct", "union", "enum", "pointer", "array", "bitfield", "function"
	Name        string   `json:"name"`
	Subtype     *isfType `json:"subtype"`
	Count       int64    `json:"count"`
	BitPosition uint64   `json:"bit_position"`
	BitLength   uint64   `json:"bit_length"`
	Type        *isfType `json:"type"`
}

type isfEnum struct {
	Size      uint64           `json:"size"`
	Base      string           `json:"base"`
	Constants map[string]int64 `json:"constants"`
}

type isfSymbol struct {
	Address      json.Number `json:"address"`
	ConstantData string      `json:"constant_data"` // base64
}

func readISF(r io.Reader, abi *ctype.ABI) (*File, error) {
	doc := &isf{abi: abi, made: map[string]*ctype.Type{}}
	if err := json.NewDecoder(r).Decode(doc); err != nil {
		return nil, fmt.Errorf("it is no volatility3 ISF: %w", err)
	}
	if len(doc.Symbols) == 0 && len(doc.UserTypes) == 0 {
		return nil, fmt.Errorf("it is JSON, but no volatility3 ISF: there are neither symbols nor user_types")
	}
	var b symtab.Builder
	for name, s := range doc.Symbols {
		if address, ok := s.address(); ok {
			b.Add(address, 0, name)
		}
	}
	f := &File{Format: "ISF", Symbols: b.Table("")}
	if len(doc.UserTypes) > 0 {
		f.Types = doc
	}
	if data, err := base64.StdEncoding.DecodeString(doc.Symbols["linux_banner"].ConstantData); err == nil {
		f.Banner, _, _ = strings.Cut(strings.TrimRight(string(data), "\x00"), "\n")
	}
	return f, nil
}

// address is above the int64 range for kernels of 64 bits; some writers give it as a negative number.
func (s isfSymbol) address() (uint64, bool) {
	var unsigned uint64
	if _, err := fmt.Sscan(s.Address.String(), &unsigned); err == nil {
		return unsigned, true
	}
	signed, err := s.Address.Int64()
	return uint64(signed), err == nil
}

// Type implements Types.
func (d *isf) Type(name string) *ctype.Type {
	kind, tag, tagged := strings.Cut(name, " ")
	if tagged && (kind == "struct" || kind == "union" || kind == "enum") {
		return d.find(kind, tag)
	}
	for _, kind := range []string{"base", "struct", "union", "enum"} {
		if t := d.find(kind, name); t != nil {
			return t
		}
	}
	return nil
}

// Names implements Types.
func (d *isf) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name, t := range d.UserTypes {
			if !strings.HasPrefix(name, "unnamed_") && !yield(t.Kind+" "+name) {
				return
			}
		}
		for name := range d.Enums {
			if !strings.HasPrefix(name, "unnamed_") && !yield("enum "+name) {
				return
			}
		}
		for name := range d.BaseTypes {
			if !yield(name) {
				return
			}
		}
	}
}

func (d *isf) find(kind, name string) *ctype.Type {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := kind + " " + name
	t := d.made[key]
	if t == nil {
		if t = d.make(kind, name); t != nil {
			d.made[key] = t
		}
	}
	return t
}

var isfKinds = map[string]ctype.Kind{"char": ctype.Char, "bool": ctype.Bool, "float": ctype.Float, "void": ctype.Void}

func (d *isf) make(kind, name string) *ctype.Type {
	tag := name
	if strings.HasPrefix(name, "unnamed_") {
		tag = ""
	}
	switch kind {
	case "base":
		b, ok := d.BaseTypes[name]
		if !ok || name == "pointer" {
			return nil
		}
		k, ok := isfKinds[b.Kind]
		switch {
		case ok && (k != ctype.Char || name == "char"):
		case b.Signed:
			k = ctype.Int
		default:
			k = ctype.UInt
		}
		return ctype.New(k, name, d.abi, ctype.Def{Size: b.Size, Signed: b.Signed})
	case "struct", "union":
		c, ok := d.UserTypes[name]
		if !ok || c.Kind != kind {
			return nil
		}
		k := ctype.Struct
		if kind == "union" {
			k = ctype.Union
		}
		return ctype.Lazy(k, tag, d.abi, func() ctype.Def { return d.composite(c) })
	case "enum":
		e, ok := d.Enums[name]
		if !ok {
			return nil
		}
		def := ctype.Def{Size: e.Size, Signed: d.BaseTypes[e.Base].Signed}
		for n, v := range e.Constants {
			def.Enumerators = append(def.Enumerators, ctype.Enumerator{Name: n, Value: v})
		}
		sortEnumerators(def.Enumerators)
		return ctype.New(ctype.Enum, tag, d.abi, def)
	}
	return nil
}

func (d *isf) composite(c isfComposite) ctype.Def {
	def := ctype.Def{Size: c.Size}
	for name, f := range c.Fields {
		m := ctype.Member{Name: name, BitOffset: f.Offset * 8}
		if f.Anonymous {
			m.Name = ""
		}
		if f.Type.Kind == "bitfield" && f.Type.Type != nil {
			m.Type, m.BitSize = d.typeOf(f.Type.Type, 0), f.Type.BitLength
			m.BitOffset += f.Type.BitPosition
		} else {
			m.Type = d.typeOf(&f.Type, 0)
		}
		def.Members = append(def.Members, m)
	}
	sortMembers(def.Members)
	return def
}

// typeOf is the type that a description names. Descriptions nest, in a file not deeper than JSON itself may.
func (d *isf) typeOf(t *isfType, depth int) *ctype.Type {
	if t == nil || depth > 64 {
		return d.abi.Base("void")
	}
	switch t.Kind {
	case "pointer":
		return ctype.PointerTo(d.abi, d.typeOf(t.Subtype, depth+1))
	case "array":
		n := t.Count
		if n == 0 {
			n = ctype.FlexibleLen
		}
		return ctype.ArrayOf(d.typeOf(t.Subtype, depth+1), n)
	case "function":
		return ctype.New(ctype.Func, "", d.abi, ctype.Def{Elem: d.abi.Base("void")})
	case "base", "struct", "union", "enum":
		if found := d.find(t.Kind, t.Name); found != nil {
			return found
		}
	}
	if t.Kind == "base" {
		return d.abi.Base("void")
	}
	return ctype.New(ctype.Struct, t.Name, d.abi, ctype.Def{Incomplete: true, Reason: "the ISF only names it"})
}
