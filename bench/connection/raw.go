package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"

	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

// The floors know what comes: they validate nothing but its end.

const (
	raw       = "raw"
	rawPieces = "raw, thrown away in pieces of 64 KiB"
)

// A wire is a connection of a floor.
type wire struct {
	nc        net.Conn
	requests  []byte // as many as make a batch
	request   int    // bytes of one of them
	reply     int    // bytes of one reply; 0: they differ, and are told by their line ends
	buf       []byte
	wantFirst []byte // a reply, to see at the beginning that all is well
}

func newWire(ctx context.Context, t target, j job, batch int) (*wire, error) {
	nc, err := t.connect(ctx)
	if err != nil {
		return nil, err
	}
	var q resp.Request
	w := &wire{nc: nc}
	switch j.verb {
	case set:
		q.Cmd("SET").Str(j.key).Bytes(j.value)
		w.wantFirst = resp.AppendSimple(nil, "OK")
	case evalsha:
		q.Cmd("EVALSHA").Str(j.sha).Int(1).Str(j.key).Int(scriptTTL)
	default:
		q.Cmd("GET").Str(j.key)
		w.wantFirst = resp.AppendBulk(nil, j.value)
	}
	w.reply = len(w.wantFirst)
	w.request = len(q.Encoded())
	w.requests = bytes.Repeat(q.Encoded(), batch)
	w.buf = make([]byte, max(w.reply*batch, 64*batch))
	return w, w.verify()
}

func (w *wire) verify() error {
	err := w.exchange(1)
	switch {
	case err != nil:
	case w.reply == 0 && w.buf[0] != ':', w.reply > 0 && !bytes.Equal(w.buf[:w.reply], w.wantFirst):
		err = fmt.Errorf("wrong reply %q", w.buf[:min(len(w.buf), 64)])
	default:
		return nil
	}
	_ = w.nc.Close()
	return err
}

// exchange sends k requests in one write and reads their replies.
func (w *wire) exchange(k int) error {
	if _, err := w.nc.Write(w.requests[:k*w.request]); err != nil {
		return err
	}
	if w.reply > 0 {
		_, err := io.ReadFull(w.nc, w.buf[:k*w.reply])
		return err
	}
	for got := 0; got < k; {
		n, err := w.nc.Read(w.buf)
		if err != nil {
			return err
		}
		got += bytes.Count(w.buf[:n], []byte("\n"))
	}
	return nil
}

// discard sends one request and reads its reply into memory that stays in the caches of the processor.
func (w *wire) discard() error {
	if _, err := w.nc.Write(w.requests[:w.request]); err != nil {
		return err
	}
	for left := w.reply; left > 0; {
		n, err := w.nc.Read(w.buf[:min(left, 64<<10)])
		if err != nil {
			return err
		}
		left -= n
	}
	return nil
}

func (w *wire) run(n int) error {
	batch := len(w.requests) / w.request
	for n > 0 {
		k := min(n, batch)
		if err := w.exchange(k); err != nil {
			return err
		}
		n -= k
	}
	return nil
}

// rawContender is one caller on one connection.
func rawContender(t target, j job) versus.Contender {
	return versus.Contender{Name: raw, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		w, err := newWire(context.Background(), t, j, 1)
		if err != nil {
			return nil, nil, err
		}
		return w.run, func() { _ = w.nc.Close() }, nil
	}}
}

func rawPiecesContender(t target, j job) versus.Contender {
	return versus.Contender{Name: rawPieces, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		w, err := newWire(context.Background(), t, j, 1)
		if err != nil {
			return nil, nil, err
		}
		run := func(n int) error {
			for range n {
				if err := w.discard(); err != nil {
					return err
				}
			}
			return nil
		}
		return run, func() { _ = w.nc.Close() }, nil
	}}
}
