package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

const tableMarker = "<!-- images: written by testdata/make -->\n"

// table replaces what follows the marker by one row for each image.
func table(root string, readme []byte) []byte {
	head, _, _ := bytes.Cut(readme, []byte(tableMarker))
	out := bytes.NewBuffer(append(head, tableMarker...))
	fmt.Fprint(out, "\n| name | QEMU | how made | what it exercises | bytes | stored |\n|---|---|---|---|---:|---:|\n")
	for _, im := range images {
		dir := filepath.Join(root, "images", im.name)
		b, err := os.ReadFile(filepath.Join(dir, "meta.json"))
		var meta struct {
			Guest, Command, QEMU string
			ImageSize            int64 `json:"image_size"`
		}
		if err != nil || json.Unmarshal(b, &meta) != nil {
			continue
		}
		stored := int64(0)
		files, _ := filepath.Glob(filepath.Join(dir, "image.*"))
		for _, f := range files {
			if fi, err := os.Stat(f); err == nil {
				stored = fi.Size()
			}
		}
		fmt.Fprintf(out, "| %s | %s | `%s`, `%s` | %s | %d | %d |\n", im.name, meta.QEMU, meta.Guest, meta.Command, im.what, meta.ImageSize, stored)
	}
	return out.Bytes()
}
