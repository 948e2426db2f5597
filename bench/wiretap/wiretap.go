// Package wiretap keeps what a client and a server say to each other, so that it can be counted, and said again without the server.
package wiretap

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/resp"
)

// A Tap keeps what passes on all connections of its targets. The zero value is ready.
type Tap struct {
	mu      sync.Mutex
	out, in []byte
}

// Target is t with all that passes kept.
func (w *Tap) Target(t dial.Target) dial.Target {
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

// Clear forgets what has passed.
func (w *Tap) Clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.out, w.in = nil, nil
}

// Taken returns what the client sent since Clear, and what it received: to look at, until more passes.
func (w *Tap) Taken() (sent, received []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out, w.in
}

type tappedConn struct {
	net.Conn
	tap *Tap
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

// Split cuts a stream into frames, which are commands or replies.
func Split(stream []byte) (frames [][]byte, err error) {
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
