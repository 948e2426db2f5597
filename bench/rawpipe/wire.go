// Package rawpipe is the floors of comparisons: bare writes and reads, which know what comes and validate nothing but its end.
package rawpipe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/bwredis/bwredis/bench/dial"
)

// A Question is a request, and what is known of the replies to it.
type Question struct {
	Request []byte
	Size    int                       // bytes of the replies; 0: they differ, and are told by their line ends
	Lines   int                       // line ends in the replies, where Size is 0
	Right   func(replies []byte) bool // asked once, at the beginning
}

// A Wire is a connection of a floor.
type Wire struct {
	NC        net.Conn
	questions []question
	batch     int
	buf       []byte
}

type question struct {
	Question
	requests []byte // as many as make a batch
}

// bufSize is room for replies whose size is not known.
const bufSize = 64 << 10

// NewWire connects, and asks each question once. batch is how many of a kind are sent in one write.
func NewWire(ctx context.Context, t dial.Target, questions []Question, batch int) (*Wire, error) {
	nc, err := t.Bare(ctx)
	if err != nil {
		return nil, err
	}
	w := &Wire{NC: nc, batch: batch}
	largest := bufSize
	for _, q := range questions {
		w.questions = append(w.questions, question{q, bytes.Repeat(q.Request, batch)})
		largest = max(largest, q.Size*batch)
	}
	w.buf = make([]byte, largest)
	if err := w.verify(); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return w, nil
}

func (w *Wire) verify() error {
	for i := range w.questions {
		q := &w.questions[i]
		n, err := w.ask(q, 1)
		if err != nil {
			return err
		}
		if got := w.buf[:min(n, len(w.buf))]; !q.Right(got) {
			return fmt.Errorf("wrong reply %q", got[:min(len(got), 64)])
		}
	}
	return nil
}

// Exchange asks every question in turn, each k times in one write, and reads the replies.
func (w *Wire) Exchange(k int) error {
	for i := range w.questions {
		if _, err := w.ask(&w.questions[i], k); err != nil {
			return err
		}
	}
	return nil
}

// ask returns how many bytes there were to read last.
func (w *Wire) ask(q *question, k int) (n int, err error) {
	if _, err := w.NC.Write(q.requests[:k*len(q.Request)]); err != nil {
		return 0, err
	}
	if q.Size > 0 {
		return io.ReadFull(w.NC, w.buf[:k*q.Size])
	}
	for got := 0; got < k*q.Lines; {
		if n, err = w.NC.Read(w.buf); err != nil {
			return 0, err
		}
		got += bytes.Count(w.buf[:n], []byte("\n"))
	}
	return n, nil
}

// Discard asks the first question once, and reads the reply into memory that stays in the caches of the processor.
func (w *Wire) Discard() error {
	q := &w.questions[0]
	if _, err := w.NC.Write(q.Request); err != nil {
		return err
	}
	for left := q.Size; left > 0; {
		n, err := w.NC.Read(w.buf[:min(left, 64<<10)])
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

// Run asks everything n times.
func (w *Wire) Run(n int) error {
	for n > 0 {
		k := min(n, w.batch)
		if err := w.Exchange(k); err != nil {
			return err
		}
		n -= k
	}
	return nil
}
