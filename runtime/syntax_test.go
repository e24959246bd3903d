package runtime

import (
	"strings"
	"testing"
)

// A script whose main nobody runs says so.
func TestIdleMain(t *testing.T) {
	for code, warns := range map[string]bool{
		"function main(vm) { return 1 }":                               true,
		"async function main() {}\nconsole.log('x')":                   true,
		"const main = () => 1":                                         true,
		"let main = async function () {}\nexports.help = 'x'":          true,
		"import path from 'path'\nfunction main() { path.join('a') }":  true,
		"export const x = 1\nconst main = (n: number) => n":            true,
		"await null\nfunction main() {}":                               true,
		"export function main() {}":                                    false,
		"await null\nexport function main() {}":                        false,
		"function main() {}\nexports.main = main":                      false,
		"function main() {}\nmodule.exports = { main }":                false,
		"function main() {}\nmodule.exports = main":                    false,
		"function main() {}\nexport { main }":                          false,
		"exports.main = function main() {}":                            false,
		"module.exports.main = () => 1":                                false,
		"function main() {}\nmain()":                                   false,
		"const main = () => 1; [1].map(main)":                          false,
		"function main() {}\nqueueMicrotask(() => main())":             false,
		"function main() {}\nconst jobs = { main }":                    false,
		"const main = vm => 1, table = { a: main }":                    false,
		"{ function main() {} }":                                       false,
		"function f() {\nfunction main() {}\n}":                        false,
		"const main = 5":                                               false,
		"/*\nfunction main() {}\n*/ 1":                                 false,
		"function main() {}\nexports.main = () => 1":                   false,
		"exports.main = () => 1; function other() { const main = 1; }": false,
	} {
		var warnings []string
		h, _ := testHost(t, map[string]string{"a.ts": code}, func(c *Config) { c.Warn = func(s string) { warnings = append(warnings, s) } })
		if _, err := h.RunFile(t.Context(), "a.ts"); err != nil {
			t.Errorf("%s: %v", code, err)
		}
		exports, err := h.Load(t.Context(), "a.ts")
		if err == nil {
			_, err = h.CallMain(t.Context(), exports)
		}
		if err != nil {
			t.Errorf("%s: %v", code, err)
		}
		if warns && len(warnings) == 2 {
			if !strings.HasPrefix(warnings[0], "a.ts: the function main is not exported") {
				t.Error(warnings[0])
			}
		} else if warns || len(warnings) > 0 {
			t.Errorf("%s: warnings %q", code, warnings)
		}
	}
}
