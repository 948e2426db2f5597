package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/resp"
)

// A recording is what one operation of ours was on the wire.
type recording struct {
	roundTrips int
	sent       []byte
	steps      []step   // what was sent, taken apart
	frames     [][]byte // the replies
	received   int      // bytes
}

// A wiretap keeps what passes on a connection.
type wiretap struct {
	mu      sync.Mutex
	out, in []byte
}

// target is t with all that passes kept.
func (w *wiretap) target(t dial.Target) dial.Target {
	tapped := t
	tapped.Memory = func() net.Conn {
		nc, err := t.Connect(context.Background())
		if err != nil {
			closed, _ := net.Pipe()
			_ = closed.Close()
			return closed
		}
		return &tappedConn{nc, w}
	}
	return tapped
}

func (w *wiretap) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out, w.in = nil, nil
}

type tappedConn struct {
	net.Conn
	tap *wiretap
}

func (c *tappedConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.tap.out = append(c.tap.out, b[:n]...)
	return n, err
}

func (c *tappedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.tap.mu.Lock()
	defer c.tap.mu.Unlock()
	c.tap.in = append(c.tap.in, b[:n]...)
	return n, err
}

// recording takes what passed since clear apart.
func (w *wiretap) recording(roundTrips int) (recording, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := recording{roundTrips: roundTrips, sent: w.out, received: len(w.in)}
	var err error
	if r.frames, err = split(w.in); err != nil {
		return r, err
	}
	commands, err := split(w.out)
	if err != nil {
		return r, err
	}
	if len(commands) != len(r.frames) {
		return r, fmt.Errorf("%d commands have %d replies", len(commands), len(r.frames))
	}
	for _, command := range commands {
		s, err := parseStep(command)
		if err != nil {
			return r, err
		}
		r.steps = append(r.steps, s)
	}
	return r, nil
}

// split cuts a stream into frames.
func split(stream []byte) (frames [][]byte, err error) {
	var scanner resp.Scanner
	for len(stream) > 0 {
		n, err := scanner.Scan(stream)
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, fmt.Errorf("the stream ends within a frame: %q", stream)
		}
		frames = append(frames, bytes.Clone(stream[:n]))
		stream = stream[n:]
	}
	return frames, nil
}

func parseStep(command []byte) (step, error) {
	var r resp.Reply
	r.Reset(command)
	args := r.Args(nil)
	if len(args) < 2 {
		return step{}, fmt.Errorf("%q is no command with arguments", command)
	}
	s := step{name: string(args[0])}
	for _, arg := range args[1:] {
		s.args = append(s.args, string(arg))
	}
	if s.name == "EVALSHA" {
		var err error
		if s.keys, err = strconv.Atoi(s.args[1]); err != nil || len(s.args) < 2+s.keys {
			return step{}, fmt.Errorf("%q has no number of keys", command)
		}
	}
	return s, nil
}

// bulk is the text of a frame.
func bulk(frame []byte) string {
	var r resp.Reply
	r.Reset(frame)
	return r.Text()
}
