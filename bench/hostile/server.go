package main

import (
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bwredis/bwredis/bench"
	"github.com/bwredis/bwredis/internal/frames"
	"github.com/bwredis/bwredis/resp"
)

const (
	stall      = 1 * time.Second  // for which a server says nothing before it closes
	writeLimit = 15 * time.Second // for a frame; a client that no longer reads is not waited for

	chunkSize = 64 << 10
)

// A server answers handshakes as a server does, and the first GET with its frame.
type server struct {
	frame    frames.Frame
	stall    time.Duration
	chunk    []byte // what of a frame repeats, several times over
	listener net.Listener
	answered atomic.Bool
}

// serve listens on loopback until the listener is closed. All memory that answering takes is taken here.
func serve(f frames.Frame, stall time.Duration) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{frame: f, stall: stall, listener: l}
	if f.Times > 0 {
		s.chunk = []byte(strings.Repeat(f.Unit, max(1, min(f.Times, chunkSize/len(f.Unit)))))
	}
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go s.converse(nc)
		}
	}()
	return s, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

// converse answers one client's commands until there is a hostile answer, or none.
func (s *server) converse(nc net.Conn) {
	bench.Answer(nc, func(out []byte, args [][]byte) ([]byte, bool) { return s.answer(nc, out, args) })
}

// answer reports whether the conversation goes on.
func (s *server) answer(nc net.Conn, out []byte, args [][]byte) (reply []byte, more bool) {
	is := func(i int, word string) bool { return i < len(args) && strings.EqualFold(string(args[i]), word) }
	switch {
	case is(0, "GET"):
		if _, err := nc.Write(out); err == nil && !s.answered.Swap(true) && s.sendFrame(nc) == nil {
			time.Sleep(s.stall)
		}
		return nil, false
	case is(0, "HELLO"):
		return bench.AppendHello(out), true
	case is(0, "PING"):
		return resp.AppendSimple(out, "PONG"), true
	case is(0, "CLIENT") && is(1, "MAINT_NOTIFICATIONS"):
		return resp.AppendError(out, "ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP."), true
	}
	return resp.AppendSimple(out, "OK"), true
}

func (s *server) sendFrame(nc net.Conn) error {
	if err := nc.SetWriteDeadline(time.Now().Add(writeLimit)); err != nil {
		return err
	}
	if _, err := nc.Write([]byte(s.frame.Bytes)); err != nil {
		return err
	}
	for left := s.frame.Times * len(s.frame.Unit); left > 0; {
		n, err := nc.Write(s.chunk[:min(left, len(s.chunk))])
		if err != nil {
			return err
		}
		left -= n
	}
	_, err := nc.Write([]byte(s.frame.Tail))
	return err
}
