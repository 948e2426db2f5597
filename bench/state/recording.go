package main

import (
	"fmt"
	"strconv"

	"github.com/bwredis/bwredis/bench/wiretap"
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

// takeApart makes a recording of what passed since the tap was cleared.
func takeApart(tap *wiretap.Tap, roundTrips int) (recording, error) {
	sent, received := tap.Taken()
	r := recording{roundTrips: roundTrips, sent: sent, received: len(received)}
	var err error
	if r.frames, err = wiretap.Split(received); err != nil {
		return r, err
	}
	commands, err := wiretap.Split(sent)
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
