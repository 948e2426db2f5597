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
	var made rawpipe.Question
	var want []byte
	switch j.verb {
	case set:
		q.Cmd("SET").Str(j.key).Bytes(j.value)
		want = resp.AppendSimple(nil, "OK")
	case evalsha:
		q.Cmd("EVALSHA").Str(j.sha).Int(1).Str(j.key).Int(scriptTTL)
		made.Lines = 1
	default:
		q.Cmd("GET").Str(j.key)
		want = resp.AppendBulk(nil, j.value)
	}
	made.Request, made.Size = q.Encoded(), len(want)
	made.Right = func(reply []byte) bool { return bytes.Equal(reply, want) }
	if want == nil {
		made.Right = func(reply []byte) bool { return bytes.HasPrefix(reply, []byte(":")) }
	}
	return []rawpipe.Question{made}
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
