package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/resp"
)

// A recording is what one operation of ours was on the wire.
type recording struct {
	roundTrips int
	sent       []byte
	commands   []clients.Command // what was sent, taken apart
	frames     [][]byte          // the replies
	received   int               // bytes
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
	sent, err := split(w.out)
	if err != nil {
		return r, err
	}
	if len(sent) != len(r.frames) {
		return r, fmt.Errorf("%d commands have %d replies", len(sent), len(r.frames))
	}
	for i, command := range sent {
		c, err := parse(command, r.frames[i])
		if err != nil {
			return r, err
		}
		r.commands = append(r.commands, c)
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

// parse takes a command apart, and says in which form its reply is wanted.
func parse(command, reply []byte) (clients.Command, error) {
	var r resp.Reply
	r.Reset(command)
	args := r.Args(nil)
	if len(args) < 2 {
		return clients.Command{}, fmt.Errorf("%q is no command with arguments", command)
	}
	c := clients.Command{Name: string(args[0]), Want: wanted(reply)}
	for _, arg := range args[1:] {
		c.Args = append(c.Args, string(arg))
	}
	if c.Name == "EVALSHA" {
		var err error
		if c.Keys, err = strconv.Atoi(c.Args[1]); err != nil || len(c.Args) < 2+c.Keys {
			return clients.Command{}, fmt.Errorf("%q has no number of keys", command)
		}
	}
	return c, nil
}

// wanted is the form that a reply has.
func wanted(reply []byte) clients.Want {
	var r resp.Reply
	r.Reset(reply)
	switch r.Kind() {
	case resp.Integer:
		return clients.Number
	case resp.Array:
		if r.Array() > 0 && r.Kind() == resp.Array {
			return clients.Nested
		}
		return clients.Numbers
	}
	return clients.Text
}

// bulk is the text of a frame.
func bulk(frame []byte) string {
	var r resp.Reply
	r.Reset(frame)
	return r.Text()
}
