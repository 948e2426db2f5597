package main

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/versus"
)

const (
	bufferSize = 16 << 10 // about what a connection has read when it decodes
	maxReplies = 1000     // in a buffer, and in a pipeline
)

// A job is a reply, many times in a row, and what each is to be decoded to. Every contender has its own copy, with the same buffer.
type job[T any] struct {
	reply   []byte
	resp2   []byte // the reply for who has not asked for RESP3; nil: the same
	buf     []byte // replies back to back
	want    T
	kept    []T           // what the replies in buf were decoded to
	command []byte        // what a client is to send for each reply, in whatever case; nil: it does not matter
	conn    *memconn.Conn // what a client dialled last
}

func newJob[T any](reply string, want T) *job[T] {
	replies := min(max(1, bufferSize/len(reply)), maxReplies)
	return &job[T]{reply: []byte(reply), buf: bytes.Repeat([]byte(reply), replies), want: want, kept: make([]T, replies)}
}

// A pass handles the first m replies of a job, of which there are at least as many in its buffer.
type pass func(m int) error

// loop is a contender that works on the buffer alone.
func (j *job[T]) loop(name string, kind versus.Kind, start func(*job[T]) pass) versus.Contender {
	return j.contender(name, kind, func(own *job[T]) (pass, func(), error) { return start(own), nil, nil })
}

// peer is a contender that is somebody else's client, or a part of one.
func (j *job[T]) peer(name string, start func(*job[T]) (pass, func(), error)) versus.Contender {
	return j.contender(name, versus.Peer, start)
}

func (j *job[T]) contender(name string, kind versus.Kind, start func(*job[T]) (pass, func(), error)) versus.Contender {
	return versus.Contender{Name: name, Kind: kind, Setup: func() (versus.Run, func(), error) {
		own := *j
		own.kept = make([]T, len(j.kept))
		p, closeIt, err := start(&own)
		if err != nil {
			return nil, nil, err
		}
		run := p.repeated(len(own.kept))
		if err := own.verify(run); err != nil {
			if closeIt != nil {
				closeIt()
			}
			return nil, nil, err
		}
		return run, closeIt, nil
	}}
}

// repeated makes passes over the buffer until there were n replies.
func (p pass) repeated(replies int) versus.Run {
	return func(n int) error {
		for n > 0 {
			m := min(n, replies)
			if err := p(m); err != nil {
				return err
			}
			n -= m
		}
		return nil
	}
}

// verify looks at all that comes out of a run, which goes over the end of the buffer.
func (j *job[T]) verify(run versus.Run) error {
	if err := run(len(j.kept) + 1); err != nil {
		return err
	}
	for i, got := range j.kept {
		if !reflect.DeepEqual(got, j.want) {
			return fmt.Errorf("reply %d is decoded to %s, want %s", i, brief(got), brief(j.want))
		}
	}
	if j.command != nil && !bytes.EqualFold(j.conn.LastCommand(), j.command) {
		return fmt.Errorf("sends %q, want %q", j.conn.LastCommand(), j.command)
	}
	return nil
}

// brief writes v as far as a message needs it.
func brief(v any) string {
	text := fmt.Sprint(v)
	return text[:min(len(text), 100)]
}

// dial is how clients get their connection.
func (j *job[T]) dial() *memconn.Conn {
	if j.resp2 != nil {
		j.conn = memconn.NewInBoth(j.resp2, j.reply)
	} else {
		j.conn = memconn.New(j.reply)
	}
	return j.conn
}

// memoryScan is the floor below all others: it finds the ends of the lines, and keeps nothing.
func (j *job[T]) memoryScan() versus.Contender {
	lines := bytes.Count(j.reply, []byte("\n"))
	var scan pass = func(m int) error {
		pos := 0
		for range m * lines {
			pos += bytes.IndexByte(j.buf[pos:], '\n') + 1
		}
		if pos != m*len(j.reply) {
			return errors.New("lines do not end where they should")
		}
		return nil
	}
	return versus.Contender{Name: bareScan, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		run := scan.repeated(len(j.kept))
		return run, nil, run(len(j.kept))
	}}
}

// look is what a caller does with bytes that it only borrows: it touches a short value, and reads a long one to its end.
func look(b []byte) int {
	if len(b) <= 64 {
		return int(b[len(b)-1])
	}
	return bytes.IndexByte(b, lastByte)
}

func lookText(text string) int {
	if len(text) <= 64 {
		return int(text[len(text)-1])
	}
	return strings.IndexByte(text, lastByte)
}
