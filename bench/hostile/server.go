package main

import (
	"net"
	"strings"
	"sync/atomic"
	"time"

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
	defer nc.Close()
	var scanner resp.Scanner
	in := make([]byte, 0, chunkSize)
	for len(in) < cap(in) {
		n, err := nc.Read(in[len(in):cap(in)])
		if err != nil {
			return
		}
		in = in[:len(in)+n]
		rest := in
		for len(rest) > 0 {
			n, err := scanner.Scan(rest)
			if err != nil {
				return
			}
			if n == 0 {
				break
			}
			if !s.answer(nc, rest[:n]) {
				return
			}
			rest = rest[n:]
		}
		in = in[:copy(in, rest)]
		scanner.Reset()
	}
}

// answer reports whether the conversation goes on.
func (s *server) answer(nc net.Conn, command []byte) bool {
	switch name := string(word(command, 0)); {
	case name == "GET":
		if !s.answered.Swap(true) && s.sendFrame(nc) == nil {
			time.Sleep(s.stall)
		}
		return false
	case strings.EqualFold(name, "HELLO"):
		return send(nc, hello)
	case strings.EqualFold(name, "PING"):
		return send(nc, "+PONG\r\n")
	case strings.EqualFold(name, "CLIENT") && strings.EqualFold(string(word(command, 1)), "MAINT_NOTIFICATIONS"):
		return send(nc, "-ERR unknown subcommand 'MAINT_NOTIFICATIONS'. Try CLIENT HELP.\r\n")
	default:
		return send(nc, "+OK\r\n")
	}
}

const hello = "%5\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n8.0.0\r\n$5\r\nproto\r\n:3\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n"

func send(nc net.Conn, reply string) bool {
	_, err := nc.Write([]byte(reply))
	return err == nil
}

// word returns one argument of a command, or nil.
func word(command []byte, i int) []byte {
	var r resp.Reply
	r.Reset(command)
	if i >= r.Array() {
		return nil
	}
	for range i {
		r.Bytes()
	}
	return r.Bytes()
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
