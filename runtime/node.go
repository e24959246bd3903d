package runtime

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	nodeurl "github.com/dop251/goja_nodejs/url"
)

// nodeFiles are, in node, the modules of Node's that packages from npm require and that touch no file, process or network; in web, globals of
// browsers.
//
//go:embed node web
var nodeFiles embed.FS

// nodePrograms compiles each once for the process: file name to program.
var nodePrograms sync.Map

func nodeProgram(file string) *goja.Program {
	if p, ok := nodePrograms.Load(file); ok {
		return p.(*goja.Program)
	}
	text, err := nodeFiles.ReadFile(file)
	if err != nil {
		panic(err) // it was listed
	}
	p := goja.MustCompile(internalPrefix+file, "(function(exports,require,module,native){"+string(text)+"\n})", false)
	nodePrograms.Store(file, p)
	return p
}

// nodeModuleFiles are the embedded modules by name: "path", "timers/promises".
var nodeModuleFiles = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	err := fs.WalkDir(nodeFiles, "node", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names[strings.TrimSuffix(strings.TrimPrefix(path, "node/"), ".js")] = path
		}
		return err
	})
	if err != nil {
		panic(err) // an embedded tree is sound
	}
	return names
})

// enableNode makes the modules known; what a script does not require is not run.
func (h *Host) enableNode() {
	for name, file := range nodeModuleFiles() {
		h.Module(name, func(rt *goja.Runtime, m *goja.Object) {
			if name == "url" { // goja_nodejs has the standard's classes
				nodeurl.Require(rt, m)
			}
			h.runNode(file, m, h.nodeNative())
		})
	}
	h.Module("assert/strict", func(rt *goja.Runtime, m *goja.Object) { _ = m.Set("exports", h.coreModule("assert").Get("strict")) })
	h.Module("path/posix", func(rt *goja.Runtime, m *goja.Object) { _ = m.Set("exports", h.coreModule("path")) })
	h.Module("util/types", func(rt *goja.Runtime, m *goja.Object) { _ = m.Set("exports", h.coreModule("util").Get("types")) })
}

// webGlobals are the globals of browsers that are made when first used, by the file in web that exports them; Intl is its file's exports.
var webGlobals = map[string][]string{
	"web/intl.js":   {"Intl"},
	"web/events.js": {"Event", "CustomEvent", "EventTarget", "AbortSignal", "AbortController"},
}

func (h *Host) enableWeb(originals goja.Value) {
	for file, names := range webGlobals {
		exports := sync.OnceValue(func() *goja.Object {
			m := h.rt.NewObject()
			_ = m.Set("exports", h.rt.NewObject())
			h.runNode(file, m, originals)
			return m.Get("exports").(*goja.Object)
		})
		for _, name := range names {
			h.lazyGlobal(name, func() goja.Value {
				if name == "Intl" {
					return exports()
				}
				return exports().Get(name)
			})
		}
	}
}

func (h *Host) runNode(file string, m *goja.Object, native goja.Value) {
	wrapper, err := h.rt.RunProgram(nodeProgram(file))
	if err != nil {
		Throw(h.rt, err)
	}
	call, _ := goja.AssertFunction(wrapper)
	if _, err := call(goja.Undefined(), m.Get("exports"), h.rt.Get("require"), m, native); err != nil {
		Throw(h.rt, err)
	}
}

// nodeNative are the functions that the modules leave to Go.
func (h *Host) nodeNative() *goja.Object {
	o := h.rt.NewObject()
	set := func(name string, length int, fn func(goja.FunctionCall) goja.Value) {
		_ = o.Set(name, h.Function(name, length, fn))
	}
	inspect := h.inspectFunction()
	_ = inspect.Set("custom", h.InspectSymbol())
	_ = o.Set("inspect", inspect)
	set("format", 1, func(c goja.FunctionCall) goja.Value { return h.rt.ToValue(h.format(c.Arguments, false)) })
	set("encode", 2, func(c goja.FunctionCall) goja.Value {
		return h.bytes(h.encodeText(c.Argument(0).ToString(), h.encodingName(c.Argument(1))))
	})
	set("decode", 4, func(c goja.FunctionCall) goja.Value {
		b, ok := h.bytesOf(c.Argument(0))
		from, to := c.Argument(2).ToInteger(), c.Argument(3).ToInteger()
		if !ok || from >= to || to > int64(len(b)) {
			return h.rt.ToValue("")
		}
		return h.decodeBytes(b[from:to], h.encodingName(c.Argument(1)))
	})
	set("random", 1, func(c goja.FunctionCall) goja.Value {
		const most = 1 << 20
		n := c.Argument(0).ToInteger()
		if n < 0 || n > most {
			panic(h.rt.NewTypeError("the number of random bytes must be from 0 to %d, not %s", most, c.Argument(0)))
		}
		b := make([]byte, n)
		_, _ = rand.Read(b) // never fails
		return h.bytes(b)
	})
	set("algorithms", 0, func(goja.FunctionCall) goja.Value { return h.stringArray(digestNames) })
	set("digest", 2, h.newDigest)
	return o
}

var (
	digestNames = []string{"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}
	digests     = map[string]func() hash.Hash{
		"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224, "sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New}
)

// newDigest makes the state of a hash or, with a key, of an HMAC: {update(bytes), digest()}.
func (h *Host) newDigest(c goja.FunctionCall) goja.Value {
	name := strings.ReplaceAll(strings.ToLower(c.Argument(0).String()), "-", "")
	make := digests[name]
	if make == nil {
		panic(h.rt.NewTypeError("there is no digest %s; there are %s", c.Argument(0), strings.Join(digestNames, ", ")))
	}
	sum := make()
	if key := c.Argument(1); !goja.IsUndefined(key) {
		k, ok := h.bytesOf(key)
		if !ok {
			panic(h.rt.NewTypeError("the key must be a string or bytes"))
		}
		sum = hmac.New(make, k)
	}
	o := h.rt.NewObject()
	_ = o.Set("update", h.Function("update", 1, func(c goja.FunctionCall) goja.Value {
		b, ok := h.bytesOf(c.Argument(0))
		if !ok {
			panic(h.rt.NewTypeError("the data must be a string or bytes"))
		}
		sum.Write(b)
		return goja.Undefined()
	}))
	_ = o.Set("digest", h.Function("digest", 0, func(goja.FunctionCall) goja.Value { return h.bytes(sum.Sum(nil)) }))
	return o
}

// encodingName is one of Buffer's encodings; it throws for others.
func (h *Host) encodingName(v goja.Value) string {
	if goja.IsUndefined(v) || goja.IsNull(v) {
		return "utf8"
	}
	switch name := strings.ToLower(v.String()); name {
	case "utf8", "utf-8":
		return "utf8"
	case "latin1", "binary":
		return "latin1"
	case "ucs2", "ucs-2", "utf16le", "utf-16le":
		return "utf16le"
	case "ascii", "hex", "base64", "base64url":
		return name
	}
	panic(h.rt.NewTypeError("unknown encoding: %s (utf8, utf16le, latin1, ascii, hex, base64 and base64url are there)", v))
}

// units are a string's UTF-16 code units.
func units(v goja.Value) []uint16 {
	s := v.String()
	if js, ok := v.(goja.String); ok {
		u := make([]uint16, js.Length())
		for i := range u {
			u[i] = js.CharAt(i)
		}
		return u
	}
	return utf16.Encode([]rune(s))
}

// encodeText makes bytes of a string, as Buffer.from does: what is no hex or base64 ends the text.
func (h *Host) encodeText(v goja.Value, encoding string) []byte {
	switch encoding {
	case "latin1", "ascii":
		list := units(v)
		b := make([]byte, len(list))
		for i, u := range list {
			b[i] = byte(u)
		}
		return b
	case "utf16le":
		list := units(v)
		b := make([]byte, 0, 2*len(list))
		for _, u := range list {
			b = append(b, byte(u), byte(u>>8))
		}
		return b
	case "hex":
		s := v.String()
		b := make([]byte, len(s)/2)
		n, _ := hex.Decode(b, []byte(s[:len(s)&^1]))
		return b[:n]
	case "base64", "base64url":
		s := strings.NewReplacer("-", "+", "_", "/").Replace(v.String())
		if i := strings.IndexByte(s, '='); i >= 0 {
			s = s[:i]
		}
		s = strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf && (r == '+' || r == '/' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z') {
				return r
			}
			return -1
		}, s)
		if len(s)%4 == 1 {
			s = s[:len(s)-1]
		}
		b, _ := base64.RawStdEncoding.DecodeString(s)
		return b
	}
	return []byte(strings.ToValidUTF8(v.String(), "\ufffd"))
}

// decodeBytes is the other way.
func (h *Host) decodeBytes(b []byte, encoding string) goja.Value {
	switch encoding {
	case "latin1":
		return h.rt.ToValue(latin1(b))
	case "ascii":
		b = slices.Clone(b)
		for i := range b {
			b[i] &= 0x7f
		}
		return h.rt.ToValue(string(b))
	case "utf16le":
		list := make([]uint16, len(b)/2)
		for i := range list {
			list[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return goja.StringFromUTF16(list)
	case "hex":
		return h.rt.ToValue(hex.EncodeToString(b))
	case "base64":
		return h.rt.ToValue(base64.StdEncoding.EncodeToString(b))
	case "base64url":
		return h.rt.ToValue(base64.RawURLEncoding.EncodeToString(b))
	}
	return h.rt.ToValue(replaceInvalid(b))
}
