package main

import (
	"bytes"
	"context"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

const (
	raw       = "raw"
	rawPieces = "raw, thrown away in pieces of 64 KiB"
)

// question is the job as floors do it.
func (j job) question() []rawpipe.Question {
	var q resp.Request
	q.Cmd(j.Name).Args(j.Args...)
	if j.text == nil {
		return []rawpipe.Question{{
			Request: q.Encoded(), Lines: 1,
			Right: func(reply []byte) bool { return bytes.HasPrefix(reply, []byte(":")) },
		}}
	}
	want := resp.AppendBulk(nil, j.text)
	if j.Name == "SET" {
		want = resp.AppendSimple(nil, string(j.text))
	}
	return []rawpipe.Question{{Request: q.Encoded(), Size: len(want), Right: func(reply []byte) bool { return bytes.Equal(reply, want) }}}
}

// rawContender is one caller on one connection.
func rawContender(t dial.Target, j job) versus.Contender {
	return versus.Contender{Name: raw, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		w, err := rawpipe.NewWire(context.Background(), t, j.question(), 1)
		if err != nil {
			return nil, nil, err
		}
		return w.Run, func() { _ = w.NC.Close() }, nil
	}}
}

func rawPiecesContender(t dial.Target, j job) versus.Contender {
	return versus.Contender{Name: rawPieces, Kind: versus.Floor, Setup: func() (versus.Run, func(), error) {
		w, err := rawpipe.NewWire(context.Background(), t, j.question(), 1)
		if err != nil {
			return nil, nil, err
		}
		return repeat(w.Discard), func() { _ = w.NC.Close() }, nil
	}}
}
