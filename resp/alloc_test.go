package resp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

func requireNoAllocations(t *testing.T, what string, f func()) {
	t.Helper()
	require.Zero(t, testing.AllocsPerRun(100, f), what)
}

// Not parallel: AllocsPerRun counts what the whole process allocates.
func TestAllocations(t *testing.T) {
	if raceEnabled || testing.CoverMode() != "" {
		t.Skip("instrumented code allocates on its own")
	}
	t.Run("Request", func(t *testing.T) {
		var q Request
		value := []byte("value")
		args := []string{"a", "b", "c"}
		requireNoAllocations(t, "a reused Request", func() {
			q.Reset()
			q.Cmd("SET").Str("key").Bytes(value).Int(-1<<63).Float(1.0/3).Args(args...).Args("d", "e", "f", "g").MarkIdempotent()
			q.Cmd("PING").MarkBlocking()
			if q.Len() != 2 || len(q.Encoded()) == 0 {
				t.Fatal(q.Len())
			}
		})
	})
	t.Run("Append", func(t *testing.T) {
		room := make([]byte, 0, 256)
		requireNoAllocations(t, "appending with room", func() {
			b := AppendSimple(room, "OK")
			b = AppendError(b, "ERR no")
			b = AppendAggregate(AppendNull(AppendInt(b, -5), 3), Map, 12, 3)
			b = AppendNullArray(AppendBool(AppendDouble(b, 1.0/3, 2), true, 3), 2)
			b = AppendVerbatim(AppendBigNumber(b, "12", 3), "txt", "x", 3)
			b = AppendStreamEnd(AppendChunk(AppendStream(b, BulkString), "abc"), BulkString)
			room = AppendBulk(AppendBulkError(b, "ERR", 3), "text")[:0]
		})
	})
	t.Run("Scan", func(t *testing.T) {
		var stream []byte
		for _, c := range frames.Whole() {
			if c.ByDefault() {
				stream = append(stream, c.Bytes...)
			}
		}
		var s Scanner
		requireNoAllocations(t, "scanning every frame", func() {
			for rest := stream; len(rest) > 0; {
				_, _ = s.Scan(rest[:len(rest)/2]) // as if it arrived in parts
				n, err := s.Scan(rest)
				if n == 0 || err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
		})
	})
	t.Run("Reply", func(t *testing.T) {
		frame := []byte("|1\r\n+ttl\r\n:1\r\n*18\r\n:7\r\n$2\r\n-8\r\n,-1.7976931348623157e+308\r\n,inf\r\n#t\r\n:0\r\n$5\r\nhello\r\n$5\r\nworld\r\n" +
			"_\r\n%1\r\n+a\r\n:1\r\n*2\r\n*1\r\n:1\r\n:2\r\n~1\r\n+x\r\n(" + strings.Repeat("9", 50) + "\r\n=7\r\ntxt:end\r\n" +
			"*1\r\n*2\r\n+m\r\n,1.5\r\n$?\r\n;3\r\none\r\n;0\r\n$?\r\n;1\r\na\r\n;1\r\nb\r\n;0\r\n%?\r\n+k\r\n~?\r\n:5\r\n.\r\n.\r\n")
		dst := make([]byte, 0, 16)
		requireNoAllocations(t, "every method that returns no copy", func() {
			var r Reply
			r.Reset(frame)
			if r.Err() != nil || r.Kind() != Array || r.ErrorReply() != nil {
				t.Fatal(r.Err())
			}
			n := r.Attributes()
			r.Skip()
			r.Skip()
			n += r.Array()
			n += int(r.Int()) + int(r.Int())
			_, _ = r.Float(), r.Float()
			_, _ = r.Bool(), r.Bool()
			n += len(r.Bytes()) + len(r.AppendTo(dst))
			if !r.Null() {
				t.Fatal(r.Err())
			}
			n += r.Pairs()
			n += len(r.Bytes()) + int(r.Int())
			n += len(r.Raw())
			r.Skip()
			n += len(r.Bytes()) + len(r.Format()) + len(r.Bytes())
			n += r.Pairs()
			r.Pair()
			n += len(r.Bytes()) + int(r.Float())
			n += len(r.Bytes()) + len(r.AppendTo(dst))
			n += r.Pairs() + len(r.Bytes()) + r.Array() + int(r.Int())
			if r.Err() != nil || r.Kind() != 0 || n == 0 {
				t.Fatal(r.Err())
			}
		})
	})
	t.Run("Args", func(t *testing.T) {
		command := []byte("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\n0123456789\r\n")
		args := make([][]byte, 0, 3)
		requireNoAllocations(t, "reading a request", func() {
			var r Reply
			r.Reset(command)
			if args = r.Args(args[:0]); len(args) != 3 {
				t.Fatal(r.Err())
			}
		})
	})
	t.Run("Value", func(t *testing.T) {
		v := replyTo("*4\r\n:1\r\n$2\r\n42\r\n,1.5\r\n#t\r\n").Value()
		elems := v.Elems()
		requireNoAllocations(t, "every conversion of a Value that returns no new text", func() {
			n := v.Len()
			for e := range v.All() {
				n += e.Len() + len(e.Format())
			}
			_, _ = elems[0].Int()
			_, _ = elems[1].Int()
			_, _ = elems[1].Text()
			_, _ = elems[2].Float()
			_, _ = elems[3].Bool()
			for key, val := range v.Pairs() {
				_, _ = key.Kind(), val.IsNull()
			}
			if n == 0 {
				t.Fatal(n)
			}
		})
	})
}
