package main

import (
	"bytes"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/resp"
)

// A fake answers as a server does that executes nothing.
type fake struct {
	values   map[string][]byte
	accepted atomic.Int64 // connections
}

func newFake() *fake {
	f := &fake{values: map[string][]byte{}}
	for i := range guardedCallers {
		v := visitorOf(i)
		f.values[v.session] = []byte(v.data)
	}
	for _, size := range valueSizes {
		f.values[valueKey(size)] = valueOf(size)
	}
	return f
}

// site is the fake by way of TCP, and connections within memory.
func (f *fake) site(t *testing.T) *site {
	t.Helper()
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
			f.accepted.Add(1)
			go bench.Answer(nc, f.answer)
		}
	}()
	s, err := newSite(t.Context(), dial.Target{Network: "tcp", Addr: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fake) answer(out []byte, args [][]byte) ([]byte, bool) {
	switch string(bytes.ToUpper(args[0])) {
	case "HELLO":
		return bench.AppendHello(out), true
	case "GET":
		if value, ok := f.values[string(args[1])]; ok {
			return resp.AppendBulk(out, value), true
		}
		return append(out, nothing...), true
	case "PTTL":
		return resp.AppendInt(out, noKey), true
	case "PING":
		return resp.AppendSimple(out, "PONG"), true
	case "EVALSHA":
		return resp.AppendInt(out, 7), true
	case "SCRIPT":
		return resp.AppendBulk(out, strings.Repeat("a", 40)), true
	case "SET", "CLIENT", "SELECT":
		return resp.AppendSimple(out, "OK"), true
	}
	return resp.AppendError(out, "ERR unknown command"), true
}

// A counted connection counts in the program's place what touches it.
type counted struct {
	net.Conn
	transfers *atomic.Int64
}

func (c counted) Write(b []byte) (int, error) {
	c.transfers.Add(1)
	return c.Conn.Write(b)
}

func (c counted) Read(b []byte) (int, error) {
	c.transfers.Add(1)
	return c.Conn.Read(b)
}

// countedMemory counts connections as well.
func countedMemory(opened, transfers *atomic.Int64) dial.Target {
	t := inMemory()
	plain := t.Memory
	t.Memory = func() net.Conn {
		opened.Add(1)
		return counted{plain(), transfers}
	}
	return t
}
