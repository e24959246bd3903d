package main

import "testing"

func TestDidYouMean(t *testing.T) {
	names := []string{"walk_pagetables", "info", "regs", "devices", "hexdump"}
	tests := []struct{ given, want string }{
		{"walk_pagetable", "walk_pagetables"},
		{"walkpagetables", "walk_pagetables"},
		{"walk", "walk_pagetables"}, // its beginning
		{"ifno", "info"},
		{"resg", "regs"},
		{"Device", "devices"},
		{"x", ""},
		{"something_else", ""},
		{"", ""},
	}
	for _, tt := range tests {
		want := ""
		if tt.want != "" {
			want = "; did you mean " + tt.want + "?"
		}
		if got := didYouMean(tt.given, names, ""); got != want {
			t.Errorf("didYouMean(%q) = %q, want %q", tt.given, got, want)
		}
	}
}
