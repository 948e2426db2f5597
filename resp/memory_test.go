package resp

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

// ceiling is what may be allocated in all, freed or not, while len(b) bytes are scanned, made a Value and shown: together with the bytes
// themselves never more than twice what arrived, and 64 KiB.
func ceiling(received int) uint64 { return uint64(received) + 64<<10 }

// allocated returns the bytes that f allocates in all, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// However much a frame declares, memory follows the bytes that came. Not parallel, for it measures the whole process.
func TestMemoryFollowsBytesReceived(t *testing.T) {
	for _, c := range frames.All() {
		b := []byte(c.Bytes)
		used := allocated(func() {
			_, _ = scannerFor(c).Scan(b)
			var r Reply
			r.Reset(b)
			r.Value()
		})
		require.LessOrEqual(t, used, ceiling(len(b)), c.Name)
	}
}

// The replies that no table can hold, as they arrive: piece by piece until the Scanner has had enough.
func TestMemoryOfLargeFrames(t *testing.T) {
	if raceEnabled {
		t.Skip("it takes half a minute under the race detector, and there is but one goroutine")
	}
	for _, c := range frames.Hostile() {
		if c.Large() {
			t.Run(c.Name, func(t *testing.T) { testLargeFrame(t, c) })
		}
	}
}

func testLargeFrame(t *testing.T, c frames.Frame) {
	text := make([]byte, 0, min(c.Len(), DefaultMaxFrame+len(c.Unit)))
	text = append(text, c.Bytes...)
	var s Scanner
	var n int
	var err error
	used := allocated(func() {
		for i := 0; i < c.Times && n == 0 && err == nil; i++ {
			text = append(text, c.Unit...)
			if i%10_000 == 0 || len(c.Unit) > 1000 {
				n, err = s.Scan(text)
			}
		}
		if n == 0 && err == nil {
			text = append(text, c.Tail...)
			n, err = s.Scan(text)
		}
	})
	require.LessOrEqual(t, used, uint64(64<<10), "scanning")
	if c.Err == "" {
		require.NoError(t, err)
		require.Equal(t, c.Len(), n)
	} else {
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Contains(t, syntax.Msg, c.Err)
		require.Equal(t, c.At, syntax.Offset)
	}
	var r Reply
	r.Reset(text)
	var v Value
	used = allocated(func() { v = r.Value() })
	require.LessOrEqual(t, used, ceiling(len(text)), "Value")
	if c.Err == "" && v.Kind() == Array {
		require.Equal(t, c.Times, v.Len())
	}
}

// What is shown of an error is bounded, and so is what it takes to find that out.
func TestMemoryOfErrors(t *testing.T) {
	for _, msg := range []string{
		strings.Repeat("x", 1<<24),
		"ERR " + strings.Repeat("'x' ", 1<<22),
		"ERR " + strings.Repeat("unknown command 'x' ", 1<<20),
		"ERR " + strings.Repeat("`'\"", 1<<22),
		"ERR '" + strings.Repeat("x", 1<<24),
		strings.Repeat("x", 1<<24) + " with args beginning with: x",
	} {
		e := &Error{Message: msg}
		var shown string
		used := allocated(func() { shown = e.Error() })
		require.LessOrEqual(t, used, uint64(64<<10), "%.20s", msg)
		require.Less(t, len(shown), 300)
	}
}

// A Reply over bytes that no Scanner accepted believes their counts no more than a Scanner does.
func TestMemoryOfUnscannedBytes(t *testing.T) {
	for name, b := range map[string]string{
		"nested counts": strings.Repeat("*9000\r\n", 10_000),
		"nested pairs":  strings.Repeat("%4000\r\n", 10_000),
		"attributes":    strings.Repeat("|4000\r\n", 10_000),
		"nulls":         "*30000\r\n" + strings.Repeat("_\r\n", 30_000),
		"chunks":        "$?\r\n" + strings.Repeat(";1\r\nx\r\n", 30_000),
		"streams":       strings.Repeat("*?\r\n", 30_000),
	} {
		used := allocated(func() {
			var r Reply
			r.Reset([]byte(b))
			r.Value()
		})
		require.LessOrEqual(t, used, uint64(len(b))+ceiling(len(b)), name)
	}
}
