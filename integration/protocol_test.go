package integration

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/integration/harness"
	"github.com/bwredis/bwredis/internal/frames"
	"github.com/bwredis/bwredis/resp"
)

// rawReply returns all that a server answers to DEBUG PROTOCOL name, byte for byte.
func rawReply(t *testing.T, addr string, protocol int, name string) string {
	nc, err := net.DialTimeout("tcp", addr, 5*time.Second)
	require.NoError(t, err)
	defer nc.Close()
	require.NoError(t, nc.SetDeadline(time.Now().Add(5*time.Second)))
	var q resp.Request
	q.Cmd("HELLO").Int(int64(protocol)).Cmd("ECHO").Str("ready")
	q.Cmd("DEBUG").Args("PROTOCOL", name).Cmd("ECHO").Str("done")
	_, err = nc.Write(q.Encoded())
	require.NoError(t, err)
	ready, done := resp.AppendBulk(nil, "ready"), resp.AppendBulk(nil, "done")
	var all []byte
	for !bytes.HasSuffix(all, done) {
		room := make([]byte, 4096)
		n, err := nc.Read(room)
		require.NoError(t, err, "after %q", all)
		all = append(all, room[:n]...)
	}
	_, answer, found := bytes.Cut(all, ready)
	require.True(t, found, "%q", all)
	return string(bytes.TrimSuffix(answer, done))
}

// What servers send of every type is what the table of frames says, to the byte and in both protocols: so all that is tested with the table holds for
// them.
func TestDebugProtocol(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		for name, frame := range frames.Debug() {
			three := rawReply(t, server.Addr, 3, name)
			switch {
			case name == "push":
				requirePush(t, frame.Bytes, three)
				continue // RESP2 has none: newer servers refuse, and Redis 6.0 does not survive to be asked
			case name == "double" && !v.AtLeast(7, 0): // with more digits
				require.Regexp(t, `^,3\.14[0-9]+\r\n$`, three)
				continue
			}
			require.Equal(t, frame.Bytes, three, name)
			require.Equal(t, frame.Want.Encode(2), rawReply(t, server.Addr, 2, name), name)
		}
	})
}

// requirePush fails unless got is a push and the reply that the command owes. Redis 6.0 and 7.0 send the push first, the others the reply.
func requirePush(t *testing.T, push, got string) {
	const reply = "$40\r\nSome real reply following the push reply\r\n"
	require.Contains(t, []string{push + reply, reply + push}, got)
	var scanner resp.Scanner
	n, err := scanner.Scan([]byte(got))
	require.NoError(t, err)
	require.Contains(t, []int{len(push), len(reply)}, n)
	n, err = scanner.Scan([]byte(got[n:]))
	require.NoError(t, err)
	require.Contains(t, []int{len(push), len(reply)}, n)
}

// The same code reads pairs in both protocols, however a server nests them: a map or keys and values in turn (HGETALL), keys and values in turn
// or arrays of two (ZRANGE WITHSCORES), arrays of two or a map (XREAD).
func TestPairs(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Shared(t, v)
		database := server.Database(t)
		for _, protocol := range []int{2, 3} {
			d := conn.Dialer{Protocol: protocol, DB: database}
			c, err := d.Dial(short(t), "tcp", server.Addr)
			require.NoError(t, err)
			defer c.Close()
			for _, command := range [][]string{
				{"DEL", "h", "z", "x"},
				{"HSET", "h", "a", "1", "b", "2.5"},
				{"ZADD", "z", "1", "a", "2.5", "b"},
				{"XADD", "x", "1-1", "field", "value"},
			} {
				_, err := c.Do(short(t), command...)
				require.NoError(t, err)
			}
			want := map[string]float64{"a": 1, "b": 2.5}
			require.Equal(t, want, scores(t, c, "HGETALL", "h"), "RESP%d", protocol)
			require.Equal(t, want, scores(t, c, "ZRANGE", "z", "0", "-1", "WITHSCORES"), "RESP%d", protocol)

			streams, err := c.Do(short(t), "XREAD", "STREAMS", "x", "0")
			require.NoError(t, err)
			read := map[string]string{}
			for key, entries := range streams.Pairs() {
				name, err := key.Text()
				require.NoError(t, err)
				read[name] = entries.String()
			}
			require.Equal(t, map[string]string{"x": `[["1-1", ["field", "value"]]]`}, read, "RESP%d", protocol)
		}
	})
}

// scores reads pairs of a name and a number.
func scores(t *testing.T, c *conn.Conn, args ...string) map[string]float64 {
	var q resp.Request
	q.Cmd(args[0]).Args(args[1:]...)
	got := map[string]float64{}
	require.NoError(t, c.RoundTrip(short(t), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
		for n := r.Pairs(); n > 0; n-- {
			r.Pair()
			name := r.Text()
			got[name] = r.Float()
		}
		return r.Err()
	})))
	return got
}

// Attributes, which every other method skips, are there for whoever asks.
func TestAttributes(t *testing.T) {
	t.Parallel()
	harness.Each(t, func(t *testing.T, v harness.Version) {
		d := conn.Dialer{Protocol: 3}
		c, err := d.Dial(short(t), "tcp", harness.Shared(t, v).Addr)
		require.NoError(t, err)
		defer c.Close()
		var q resp.Request
		q.Cmd("DEBUG").Args("PROTOCOL", "attrib")
		require.NoError(t, c.RoundTrip(short(t), &q, resp.HandlerFunc(func(_ int, r *resp.Reply) error {
			require.Equal(t, 1, r.Attributes())
			require.Equal(t, "key-popularity", r.Text())
			require.Equal(t, `["key:123", 90]`, r.Value().String())
			require.Equal(t, "Some real reply following the attribute", r.Text())
			return r.Err()
		})))
	})
}
