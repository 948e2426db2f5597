// Package embedded is a server for programs that may not need one: the embedded store of package bwstate, spoken to over any connection.
package embedded

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
)

// A Server answers from a store of its own.
type Server struct {
	Twist func(args [][]byte, reply []byte) []byte // returns what is answered instead of the truth; nil: the truth

	state *bwstate.State
}

// New returns a server whose store is empty.
func New(ctx context.Context) (*Server, error) {
	state, err := bwstate.Open(ctx, bwstate.Settings{})
	return &Server{state: state}, err
}

// Target leads to the server within memory.
func (s *Server) Target() dial.Target {
	return dial.Target{Network: "tcp", Addr: "embedded:6379", Memory: func() net.Conn {
		client, server := net.Pipe()
		go s.Serve(server)
		return client
	}}
}

// Serve answers a client until it leaves.
func (s *Server) Serve(nc net.Conn) {
	protocol := 2
	bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) {
		switch strings.ToUpper(string(args[0])) {
		case "HELLO":
			protocol = 3
			return bench.AppendHello(out), true
		case "CLIENT", "SELECT":
			return resp.AppendSimple(out, "OK"), true
		}
		reply := s.answer(args, protocol)
		if s.Twist != nil {
			reply = s.Twist(args, reply)
		}
		return append(out, reply...), true
	})
}

func (s *Server) answer(args [][]byte, protocol int) []byte {
	texts := make([]string, len(args))
	for i, arg := range args {
		texts[i] = string(arg)
	}
	v, err := s.state.Do(context.Background(), texts...)
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
