package main

import (
	"fmt"
	"strconv"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/wiretap"
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

// takeApart makes a recording of what passed since the tap was cleared.
func takeApart(tap *wiretap.Tap, roundTrips int) (recording, error) {
	out, in := tap.Taken()
	r := recording{roundTrips: roundTrips, sent: out, received: len(in)}
	var err error
	if r.frames, err = wiretap.Split(in); err != nil {
		return r, err
	}
	sent, err := wiretap.Split(out)
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
