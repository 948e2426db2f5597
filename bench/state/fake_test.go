package main

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
)

// A fake is the embedded store by way of TCP.
type fake struct {
	state *bwstate.State
	twist func(args [][]byte, reply []byte) []byte // what is answered instead; nil: the truth
}

func newFake(t *testing.T) (*fake, *site) {
	t.Helper()
	state, err := bwstate.Open(t.Context(), bwstate.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", server.Loopback+":0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	f := &fake{state: state}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go f.serve(nc)
		}
	}()
	s, err := newSite(t.Context(), dial.Target{Network: "tcp", Addr: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	return f, s
}

func (f *fake) serve(nc net.Conn) {
	protocol := 2
	bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) {
		switch strings.ToUpper(string(args[0])) {
		case "HELLO":
			protocol = 3
			return bench.AppendHello(out), true
		case "CLIENT", "SELECT":
			return resp.AppendSimple(out, "OK"), true
		}
		reply := f.answer(args, protocol)
		if f.twist != nil {
			reply = f.twist(args, reply)
		}
		return append(out, reply...), true
	})
}

func (f *fake) answer(args [][]byte, protocol int) []byte {
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = string(arg)
	}
	v, err := f.state.Do(context.Background(), texts...)
	var refused *resp.Error
	if errors.As(err, &refused) {
		return resp.AppendError(nil, refused.Message)
	}
	if err != nil {
		return resp.AppendError(nil, "ERR "+err.Error())
	}
	return appendValue(nil, v, protocol)
}

func appendValue(dst []byte, v resp.Value, protocol int) []byte {
	switch v.Kind() {
	case resp.Integer:
		n, _ := v.Int()
		return resp.AppendInt(dst, n)
	case resp.Array:
		dst = resp.AppendAggregate(dst, resp.Array, v.Len(), protocol)
		for element := range v.All() {
			dst = appendValue(dst, element, protocol)
		}
		return dst
	}
	if v.IsNull() {
		return resp.AppendNull(dst, protocol)
	}
	text, _ := v.Text()
	return resp.AppendBulk(dst, text)
}
