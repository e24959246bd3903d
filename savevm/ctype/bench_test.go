package ctype

import (
	"testing"

	"github.com/svscript/svscript/savevm/memory"
)

func kernelType(b testing.TB, name string) *Type {
	return mustParse(b, source(b, "kernel.h"), AMD64).Type(name)
}

// BenchmarkDecode decodes a whole task; fields/s counts every value, nested ones too.
func BenchmarkDecode(b *testing.B) {
	task := kernelType(b, "task_like")
	data := make([]byte, task.Size())
	b.Run("alloc", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Decode(task, data); err != nil {
				b.Fatal(err)
			}
		}
		fieldsPerSecond(b, task)
	})
	b.Run("reuse", func(b *testing.B) {
		b.ReportAllocs()
		var slots []Value
		for b.Loop() {
			slots, _, _ = DecodeInto(slots, task, data)
		}
		fieldsPerSecond(b, task)
	})
}

func fieldsPerSecond(b *testing.B, t *Type) {
	b.ReportMetric(float64(b.N)*float64(len(t.planOf().ops))/b.Elapsed().Seconds(), "fields/s")
}

// BenchmarkDecodeSmall decodes a list head: the cost of one call.
func BenchmarkDecodeSmall(b *testing.B) {
	node := kernelType(b, "node")
	data := make([]byte, node.Size())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(node, data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadMember follows one field, as a lazy struct does.
func BenchmarkReadMember(b *testing.B) {
	task := kernelType(b, "task_like")
	mem := make(memory.Bytes, task.Size())
	for _, name := range []string{"pid", "tasks", "comm", "in_iowait"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				m, _ := task.Field(name)
				if _, err := ReadMember(mem, 0, m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseC(b *testing.B) {
	src := source(b, "kernel.h")
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		mustParse(b, src, AMD64)
	}
}

func BenchmarkFormat(b *testing.B) {
	task := kernelType(b, "task_like")
	v, _ := Decode(task, make([]byte, task.Size()))
	b.ReportAllocs()
	for b.Loop() {
		_ = v.String()
	}
}
