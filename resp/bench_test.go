package resp

import (
	"strings"
	"testing"

	"github.com/bwredis/bwredis/internal/frames"
)

// benchmarkFrame measures the way of a frame from bytes that arrived to what read makes of it.
func benchmarkFrame(b *testing.B, frame string, read func(r *Reply)) {
	buf := []byte(frame)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	var s Scanner
	var r Reply
	for b.Loop() {
		n, err := s.Scan(buf)
		if err != nil {
			b.Fatal(err)
		}
		r.Reset(buf[:n:n])
		read(&r)
		if r.Err() != nil {
			b.Fatal(r.Err())
		}
	}
}

func frameOf(name string) string { return frames.Named(name).Bytes }

func BenchmarkDecodeInt(b *testing.B) {
	benchmarkFrame(b, frameOf("integer"), func(r *Reply) { r.Int() })
}

func BenchmarkDecodeBulk(b *testing.B) {
	benchmarkFrame(b, frameOf("bulk string"), func(r *Reply) { r.Bytes() })
}

func BenchmarkDecodeMap(b *testing.B) {
	benchmarkFrame(b, frameOf("map"), (*Reply).Skip)
}

func BenchmarkDecodeArray100(b *testing.B) {
	benchmarkFrame(b, "*100\r\n"+strings.Repeat("$8\r\n12345678\r\n", 100), func(r *Reply) {
		for range r.Array() {
			r.Bytes()
		}
	})
}

func BenchmarkValueArray100(b *testing.B) {
	benchmarkFrame(b, "*100\r\n"+strings.Repeat("$8\r\n12345678\r\n", 100), func(r *Reply) { r.Value() })
}

func BenchmarkScanBulk1MB(b *testing.B) {
	benchmarkFrame(b, "$1048576\r\n"+strings.Repeat("x", 1<<20)+"\r\n", func(r *Reply) { r.Bytes() })
}

func BenchmarkEncodeSet64(b *testing.B) {
	value := []byte(strings.Repeat("v", 64))
	var q Request
	b.ReportAllocs()
	for b.Loop() {
		q.Reset()
		q.Cmd("SET").Str("key:000000012345").Bytes(value)
		_ = q.Encoded()
	}
}

func BenchmarkEncode100Arguments(b *testing.B) {
	var q Request
	b.ReportAllocs()
	for b.Loop() {
		q.Reset()
		q.Cmd("DEL")
		for i := range 100 {
			q.Int(int64(i))
		}
	}
}
