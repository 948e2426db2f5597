package conn_test

import (
	"context"
	"hash/crc32"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
)

// What is to be written moves from buffer to buffer while callers write for one another: everybody's bytes arrive as they were.
func TestRequestsOfManySizes(t *testing.T) {
	sum := func(s *redistest.Session, args []string) { s.Int(int64(crc32.ChecksumIEEE([]byte(args[1])))) }
	everyWay(t, func(t *testing.T, connect func(redistest.Handler, conn.Dialer) *conn.Conn) {
		c := connect(redistest.Override(map[string]redistest.Handler{"SUM": sum}, redistest.Redis(redistest.Options{})), conn.Dialer{Timeout: time.Minute})
		share(16, 800, func(n int) {
			for i := range n {
				text := strings.Repeat(string(rune('a'+i%26)), 1<<(i%21))
				v, err := c.Do(context.Background(), "SUM", text)
				assert.NoError(t, err)
				got, _ := v.Int()
				assert.EqualValues(t, crc32.ChecksumIEEE([]byte(text)), got)
			}
		})
	})
}

// What large requests outgrow, and what was written, is used again.
func TestLargeRequestsReuseMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector makes sync.Pool forget at random")
	}
	request := []byte(strings.Repeat("v", 256<<10))
	batch := func() {
		var out []byte
		for range 16 {
			out = conn.AppendPending(out, request)
		}
		conn.LeaveBuffer(out[:cap(out)])
	}
	batch()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 50 {
		batch()
	}
	runtime.ReadMemStats(&after)
	require.Less(t, (after.TotalAlloc-before.TotalAlloc)/50, uint64(8*len(request))) // a collection empties the pool now and then
}
