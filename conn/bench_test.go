package conn_test

import (
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/internal/redistest"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// BenchmarkGet is GET of 64 bytes on one connection. The server does as little as it can, so what is seen is the client.
func BenchmarkGet(b *testing.B) {
	for _, network := range []string{"memory", "loopback"} {
		for _, callers := range []int{1, 8, 64, 512} {
			b.Run(network+"/callers="+strconv.Itoa(callers), func(b *testing.B) {
				c := dialParrot(b, network)
				b.ReportAllocs()
				b.ResetTimer()
				share(callers, b.N, func(n int) { get(b, c, n) })
			})
		}
	}
}

// BenchmarkPipelined is 100 GETs in one request.
func BenchmarkPipelined(b *testing.B) {
	c := dialParrot(b, "loopback")
	var q resp.Request
	for range 100 {
		q.Cmd("GET").Str("key")
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := c.RoundTrip(b.Context(), &q, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func get(b *testing.B, c *conn.Conn, n int) {
	var q resp.Request
	q.Cmd("GET").Str("key")
	for range n {
		if err := c.RoundTrip(b.Context(), &q, nil); err != nil {
			b.Error(err)
			return
		}
	}
}

// dialParrot connects to a server that gives the same 64 bytes to everybody.
func dialParrot(b *testing.B, network string) *conn.Conn {
	reply := string(resp.AppendBulk(nil, strings.Repeat("v", 64)))
	if network == "memory" {
		client, server := redistest.Pipe()
		go parrot(server, reply)
		return dial(b, over(client, conn.Dialer{Protocol: 2}), "memory:0")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	b.Cleanup(func() { _ = l.Close() })
	go func() {
		if nc, err := l.Accept(); err == nil {
			parrot(nc, reply)
		}
	}()
	return dial(b, conn.Dialer{Protocol: 2}, l.Addr().String())
}
