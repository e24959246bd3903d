package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/svscript/svscript/bindings"
	"github.com/svscript/svscript/scripts"
)

const (
	typesFile  = "svscript.d.ts"
	configFile = "tsconfig.json"
	libraryDir = "svscript" // what "svscript/NAME" is looked up in by tsconfig.json
)

// config makes an editor check the scripts beside it, JavaScript too, as the runtime runs them: without a browser and without Node.
const config = `{
  "compilerOptions": {
    "target": "es2024",
    "lib": ["es2024", "esnext.array", "esnext.collection", "esnext.disposable", "esnext.iterator"],
    "module": "preserve",
    "moduleResolution": "bundler",
    "moduleDetection": "force",
    "resolveJsonModule": true,
    "allowJs": true,
    "checkJs": true,
    "strict": true,
    "noEmit": true,
    "skipLibCheck": true,
    "types": [],
    "paths": { "svscript/*": ["./svscript/*"] }
  }
}
`

// writeTypes prints the type declarations, or writes them into the folder that the first operand names, with a tsconfig.json unless
// there is one.
func writeTypes(f *flags, out *output) error {
	if len(f.operands) == 0 {
		return out.text(bindings.TypeScript())
	}
	dir := f.operands[0]
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, typesFile), []byte(bindings.TypeScript()), 0o666); err != nil {
		return err
	}
	out.message("wrote %s", filepath.Join(dir, typesFile))
	if err := writeLibrary(filepath.Join(dir, libraryDir)); err != nil {
		return err
	}
	out.message("wrote %s, the bundled library, for what it says of its types", filepath.Join(dir, libraryDir))
	file, err := os.OpenFile(filepath.Join(dir, configFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		out.message("kept the %s that is there; it may look like this:\n%s", filepath.Join(dir, configFile), config)
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString(config)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		out.message("wrote %s", filepath.Join(dir, configFile))
	}
	return err
}

// writeLibrary copies the bundled library, whose comments declare its types. A script still runs with the one in the program.
func writeLibrary(dir string) error {
	files, err := fs.Glob(scripts.FS, "*.js")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, name := range files {
		if strings.HasSuffix(name, ".test.js") {
			continue
		}
		source, err := fs.ReadFile(scripts.FS, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), source, 0o666); err != nil {
			return err
		}
	}
	return nil
}
