package main

import (
	"net"
	"testing"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/embedded"
	"github.com/bwredis/bwredis/bench/server"
)

// newFake returns the embedded store by way of TCP, and a site that was made with it.
func newFake(t *testing.T) (*embedded.Server, *site) {
	t.Helper()
	f, err := embedded.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go f.Serve(nc)
		}
	}()
	s, err := newSite(t.Context(), dial.Target{Network: "tcp", Addr: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}
