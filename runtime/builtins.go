package runtime

import (
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	goruntime "runtime"
	"strings"
	"sync"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dop251/goja"
	"golang.org/x/text/encoding/charmap"
)

//go:embed polyfill.js
var polyfillSource string

//go:embed helpers.js
var helpersSource string

// The host's own scripts are compiled once for the process.
var (
	polyfillProgram = sync.OnceValue(func() *goja.Program { return goja.MustCompile(internalPrefix+"polyfill", polyfillSource, false) })
	helpersProgram  = sync.OnceValue(func() *goja.Program { return goja.MustCompile(internalPrefix+"helpers", helpersSource, false) })
)

// install defines the globals.
func (h *Host) install() error {
	if err := h.loadHelpers(); err != nil {
		return err
	}
	h.enableModules()
	polyfill, err := h.rt.RunProgram(polyfillProgram())
	if err != nil {
		return err
	}
	call, _ := goja.AssertFunction(polyfill)
	originals, err := call(goja.Undefined(), h.rt.GlobalObject(), h.nativeExpandRegExp())
	if err != nil {
		return err
	}
	h.global(stackName, h.nativeStack())
	h.global(sourceName, h.nativeSource())
	setHidden(h.rt, newError(h.rt, errors.New("")).Prototype(), "name", "Error")
	h.enableWeb(originals)
	h.installTimers()
	h.installConsole()
	h.installEncoding()
	h.installProcess()
	h.lazyGlobal("Buffer", func() goja.Value { return h.coreModule("buffer").Get("Buffer") })
	h.lazyGlobal("crypto", func() goja.Value { return h.coreModule("crypto").Get("webcrypto") })
	h.lazyGlobal("URL", func() goja.Value { return h.coreModule("url").Get("URL") })
	h.lazyGlobal("URLSearchParams", func() goja.Value { return h.coreModule("url").Get("URLSearchParams") })
	h.global("args", h.stringArray(h.cfg.Args))
	h.global("global", h.rt.GlobalObject())
	return nil
}

func (h *Host) coreModule(name string) *goja.Object {
	v, err := h.natives.Require(name)
	if err != nil {
		Throw(h.rt, err)
	}
	return v.ToObject(h.rt)
}

// lazyGlobal defines a global that is made when first used.
func (h *Host) lazyGlobal(name string, load func() goja.Value) {
	global := h.rt.GlobalObject()
	define := func(v goja.Value) {
		_ = global.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	}
	get := h.Function("get "+name, 0, func(goja.FunctionCall) goja.Value {
		v := load()
		define(v)
		return v
	})
	set := h.Function("set "+name, 1, func(c goja.FunctionCall) goja.Value {
		define(c.Argument(0))
		return goja.Undefined()
	})
	if err := global.DefineAccessorProperty(name, get, set, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
		panic(err) // the global object is extensible while the host is being built
	}
}

// installProcess defines what libraries written for browsers and Node alike look at.
func (h *Host) installProcess() {
	performance := h.rt.NewObject()
	_ = performance.Set("now", h.Function("now", 0, func(goja.FunctionCall) goja.Value {
		return h.rt.ToValue(float64(h.cfg.Clock().Sub(h.started)) / float64(time.Millisecond))
	}))
	_ = performance.Set("timeOrigin", float64(h.started.UnixNano())/1e6)
	h.global("performance", performance)

	h.lazyGlobal("process", func() goja.Value {
		process := h.rt.NewObject()
		_ = process.Set("env", h.rt.NewObject()) // the environment is not the script's business
		_ = process.Set("argv", h.stringArray(append([]string{"svscript", ""}, h.cfg.Args...)))
		_ = process.Set("platform", goruntime.GOOS)
		_ = process.Set("versions", h.rt.NewObject())
		_ = process.Set("nextTick", h.Function("nextTick", 1, func(c goja.FunctionCall) goja.Value {
			micro, _ := goja.AssertFunction(h.rt.Get("queueMicrotask"))
			fn, ok := goja.AssertFunction(c.Argument(0))
			if !ok {
				panic(h.rt.NewTypeError("process.nextTick: the callback must be a function"))
			}
			rest := append([]goja.Value(nil), c.Arguments[1:]...)
			if _, err := micro(goja.Undefined(), h.Function("", 0, func(goja.FunctionCall) goja.Value {
				v, err := fn(goja.Undefined(), rest...)
				if err != nil {
					Throw(h.rt, err)
				}
				return v
			})); err != nil {
				Throw(h.rt, err)
			}
			return goja.Undefined()
		}))
		_ = process.Set("exit", h.Function("exit", 1, func(goja.FunctionCall) goja.Value {
			panic(h.rt.NewTypeError("process.exit is not there: a script ends by returning from main, or fails, with exit code 1, by throwing an error"))
		}))
		_ = process.Set("cwd", h.Function("cwd", 0, func(goja.FunctionCall) goja.Value {
			dir, err := h.cfg.Files.Canonical(".")
			if err != nil {
				dir = "/"
			}
			return h.rt.ToValue(dir)
		}))
		for i, w := range []io.Writer{h.cfg.Stdout, h.cfg.Stderr} {
			_ = process.Set([]string{"stdout", "stderr"}[i], h.processStream(i+1, w))
		}
		return process
	})
}

// processStream is process.stdout or process.stderr, no terminal.
func (h *Host) processStream(fd int, w io.Writer) *goja.Object {
	o := h.rt.NewObject()
	_ = o.Set("fd", fd)
	_ = o.Set("isTTY", false)
	_ = o.Set("write", h.Function("write", 1, func(c goja.FunctionCall) goja.Value {
		text := []byte(c.Argument(0).String())
		if b, ok := h.bytesOf(c.Argument(0)); ok {
			text = b
		}
		if _, err := w.Write(text); err != nil {
			Throw(h.rt, err)
		}
		return h.rt.ToValue(true)
	}))
	return o
}

// installEncoding defines TextEncoder, TextDecoder, atob and btoa (encoding.spec.whatwg.org; html.spec.whatwg.org, 8.3).
func (h *Host) installEncoding() {
	rt := h.rt
	h.lazyGlobal("TextEncoder", func() goja.Value {
		ctor := rt.ToValue(h.NativeConstructor(func(c goja.ConstructorCall) *goja.Object { return nil })).(*goja.Object)
		setHidden(rt, ctor, "name", "TextEncoder")
		proto := ctor.Get("prototype").(*goja.Object)
		_ = proto.Set("encoding", "utf-8")
		_ = proto.Set("encode", h.Function("encode", 0, func(c goja.FunctionCall) goja.Value {
			if goja.IsUndefined(c.Argument(0)) {
				return h.bytes(nil)
			}
			return h.bytes(h.encodeText(c.Argument(0).ToString(), "utf8"))
		}))
		_ = proto.Set("encodeInto", h.Function("encodeInto", 2, h.encodeInto))
		return ctor
	})
	h.lazyGlobal("TextDecoder", func() goja.Value {
		ctor := rt.ToValue(h.NativeConstructor(h.newTextDecoder)).(*goja.Object)
		setHidden(rt, ctor, "name", "TextDecoder")
		return ctor
	})
	h.global("btoa", h.Function("btoa", 1, func(c goja.FunctionCall) goja.Value {
		text := c.Argument(0).String()
		raw := make([]byte, 0, len(text))
		for _, r := range text {
			if r > 0xff {
				panic(rt.NewTypeError("btoa: the string has a character outside Latin-1: %q", r))
			}
			raw = append(raw, byte(r))
		}
		return rt.ToValue(base64.StdEncoding.EncodeToString(raw))
	}))
	h.global("atob", h.Function("atob", 1, func(c goja.FunctionCall) goja.Value {
		text := strings.TrimRight(strings.Join(strings.Fields(c.Argument(0).String()), ""), "=")
		raw, err := base64.RawStdEncoding.DecodeString(text)
		if err != nil {
			panic(rt.NewTypeError("atob: the string is not base64"))
		}
		return rt.ToValue(latin1(raw))
	}))
}

// encodeInto writes as many whole characters of a string as fit.
func (h *Host) encodeInto(c goja.FunctionCall) goja.Value {
	to, ok := h.bytesOf(c.Argument(1))
	if !ok {
		panic(h.rt.NewTypeError("TextEncoder.encodeInto: the second argument must be a Uint8Array"))
	}
	read, written := 0, 0
	for _, r := range string(h.encodeText(c.Argument(0).ToString(), "utf8")) {
		n := utf8.RuneLen(r)
		if written+n > len(to) {
			break
		}
		written += utf8.EncodeRune(to[written:], r)
		read += utf16.RuneLen(r)
	}
	o := h.rt.NewObject()
	_ = o.Set("read", read)
	_ = o.Set("written", written)
	return o
}

// bytes is a new Uint8Array over b, which becomes the script's.
func (h *Host) bytes(b []byte) *goja.Object {
	o, err := h.rt.New(h.rt.Get("Uint8Array"), h.rt.ToValue(h.rt.NewArrayBuffer(b)))
	if err != nil {
		Throw(h.rt, err)
	}
	return o
}

// bytesOf is the content of an ArrayBuffer, a typed array or a DataView, not copied.
func (h *Host) bytesOf(v goja.Value) ([]byte, bool) {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil, false
	}
	if b, ok := arrayBuffer(o); ok {
		return b, true
	}
	view := h.typedArray(o)
	if view == "" && h.className(o) != "DataView" {
		return nil, false
	}
	inner, ok := o.Get("buffer").(*goja.Object)
	if !ok {
		return nil, false
	}
	b, ok := arrayBuffer(inner)
	from, n := o.Get("byteOffset").ToInteger(), o.Get("byteLength").ToInteger()
	if !ok || from < 0 || n < 0 || from+n > int64(len(b)) {
		return nil, false
	}
	return b[from : from+n], true
}

func arrayBuffer(o *goja.Object) ([]byte, bool) {
	if o.ExportType() != arrayBufferType {
		return nil, false
	}
	b, ok := o.Export().(goja.ArrayBuffer)
	if !ok {
		return nil, false
	}
	return b.Bytes(), true
}

// decoders are TextDecoder's encodings, by label.
var decoders = map[string]string{
	"utf-8": "utf-8", "utf8": "utf-8", "unicode-1-1-utf-8": "utf-8",
	"utf-16le": "utf-16le", "utf-16": "utf-16le", "ucs-2": "utf-16le", "utf-16be": "utf-16be",
	"latin1": "latin1", "iso-8859-1": "latin1", "ascii": "latin1", "us-ascii": "latin1", "windows-1252": "windows-1252", "cp1252": "windows-1252",
}

func (h *Host) newTextDecoder(c goja.ConstructorCall) *goja.Object {
	rt := h.rt
	label := "utf-8"
	if v := c.Argument(0); !goja.IsUndefined(v) {
		label = v.String()
	}
	encoding, ok := decoders[strings.ToLower(strings.TrimSpace(label))]
	if !ok {
		o, err := rt.New(rt.Get("RangeError"), rt.ToValue(fmt.Sprintf("TextDecoder: unknown encoding %q (utf-8, utf-16le, utf-16be, latin1 and windows-1252 are there)", label)))
		if err != nil {
			Throw(rt, err)
		}
		panic(o)
	}
	flag := func(name string) bool {
		o, ok := c.Argument(1).(*goja.Object)
		if !ok {
			return false
		}
		v := o.Get(name)
		return v != nil && v.ToBoolean()
	}
	fatal, keepBOM := flag("fatal"), flag("ignoreBOM")
	_ = c.This.Set("encoding", encoding)
	_ = c.This.Set("fatal", fatal)
	_ = c.This.Set("ignoreBOM", keepBOM)
	var pending []byte // of a character that a {stream: true} call cut
	decode := h.Function("decode", 1, func(call goja.FunctionCall) goja.Value {
		var in []byte
		if v := call.Argument(0); !goja.IsUndefined(v) {
			b, ok := h.bytesOf(v)
			if !ok {
				panic(rt.NewTypeError("TextDecoder.decode: the argument must be a Uint8Array, an ArrayBuffer or a DataView"))
			}
			in = b
		}
		stream := false
		if o, ok := call.Argument(1).(*goja.Object); ok {
			stream = o.Get("stream") != nil && o.Get("stream").ToBoolean()
		}
		in = append(pending, in...)
		pending = nil
		if stream {
			in, pending = cutCharacter(encoding, in)
		}
		text, ok := decodeText(encoding, in, keepBOM)
		if !ok && fatal {
			panic(rt.NewTypeError("TextDecoder.decode: the bytes are not valid %s", encoding))
		}
		return text(rt)
	})
	_ = c.This.DefineDataProperty("decode", decode, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE)
	return nil
}

// cutCharacter keeps the bytes of an incomplete last character back.
func cutCharacter(encoding string, b []byte) (whole, rest []byte) {
	cut := len(b)
	switch encoding {
	case "utf-8":
		for i := 1; i <= min(3, len(b)); i++ {
			if c := b[len(b)-i]; utf8.RuneStart(c) {
				if c >= utf8.RuneSelf && !utf8.FullRune(b[len(b)-i:]) {
					cut = len(b) - i
				}
				break
			}
		}
	case "utf-16le", "utf-16be":
		cut &^= 1
	}
	return b[:cut], append([]byte(nil), b[cut:]...)
}

// decodeText decodes bytes; ok is false when something had to be replaced.
func decodeText(encoding string, b []byte, keepBOM bool) (value func(*goja.Runtime) goja.Value, ok bool) {
	asString := func(s string) func(*goja.Runtime) goja.Value {
		return func(rt *goja.Runtime) goja.Value { return rt.ToValue(s) }
	}
	switch encoding {
	case "latin1":
		return asString(latin1(b)), true
	case "windows-1252":
		text, _ := charmap.Windows1252.NewDecoder().Bytes(b) // every byte is a character
		return asString(string(text)), true
	case "utf-16le", "utf-16be":
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
			if encoding == "utf-16be" {
				units[i] = units[i]>>8 | units[i]<<8
			}
		}
		if !keepBOM && len(units) > 0 && units[0] == 0xfeff {
			units = units[1:]
		}
		text := string(utf16.Decode(units))
		if len(b)%2 != 0 {
			text += "\ufffd"
		}
		return asString(text), !strings.ContainsRune(text, utf8.RuneError)
	}
	if !keepBOM && len(b) >= 3 && string(b[:3]) == "\ufeff" {
		b = b[3:]
	}
	valid := utf8.Valid(b)
	return asString(replaceInvalid(b)), valid
}

// replaceInvalid is UTF-8 with one U+FFFD for each maximal ill-formed part, as the Encoding Standard wants; Go's own conversions
// put one for each byte.
func replaceInvalid(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			n = illFormed(b)
		}
		out.WriteRune(r)
		b = b[n:]
	}
	return out.String()
}

// illFormed is the length of the maximal subpart of an ill-formed sequence (Unicode, table 3-8).
func illFormed(b []byte) int {
	low, high, need := byte(0x80), byte(0xbf), 0
	switch c := b[0]; {
	case c >= 0xc2 && c <= 0xdf:
		need = 1
	case c >= 0xe0 && c <= 0xef:
		need = 2
		if c == 0xe0 {
			low = 0xa0
		} else if c == 0xed {
			high = 0x9f
		}
	case c >= 0xf0 && c <= 0xf4:
		need = 3
		if c == 0xf0 {
			low = 0x90
		} else if c == 0xf4 {
			high = 0x8f
		}
	}
	n := 1
	for ; need > 0 && n < len(b) && b[n] >= low && b[n] <= high; need-- {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}

func latin1(b []byte) string {
	var s strings.Builder
	s.Grow(len(b))
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

// quoteJS is a JavaScript string literal. JSON is a subset of JavaScript (ECMAScript 2019).
func quoteJS(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(b)
}

// checkJSON gives a JSON syntax error with its place.
func checkJSON(name, text string) error {
	var v json.RawMessage
	err := json.Unmarshal([]byte(text), &v)
	if err == nil {
		return nil
	}
	e := &ScriptError{Name: "SyntaxError", Message: "not valid JSON: " + err.Error(), File: name}
	if se, ok := err.(*json.SyntaxError); ok {
		at := min(int(se.Offset), len(text))
		e.Line = 1 + strings.Count(text[:at], "\n")
		e.Column = max(1, at-strings.LastIndexByte(text[:at], '\n')-1)
		e.SourceLine = lineOf(text, e.Line)
	}
	return e
}
