package main

import "io"

// interact is the prompt; or, where stdin is no terminal, the script that comes from there.
func interact(env environment, f *flags, out *output) error {
	ctx, stop := limited(f, out)
	defer stop()
	code, err := io.ReadAll(env.stdin)
	if err != nil {
		return err
	}
	return runText(ctx, f, out, "[stdin]", string(code), f.operands[0], f.operands[1:])
}
