package scripts

import "testing"

// From opening the image to the last row.
func BenchmarkLinux(b *testing.B) {
	for _, c := range [][]string{{"ps"}, {"kallsyms", "^schedule$"}, {"dmesg"}, {"struct", "task_struct"}} {
		b.Run(c[0], func(b *testing.B) {
			for b.Loop() {
				img := openImage(b, "linux/q10-q35-mapped")
				if _, err := executeOn(b, img, c[0], c[1:]...); err != nil {
					b.Fatal(err)
				}
				img.Close()
			}
		})
	}
}
