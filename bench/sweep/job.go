package main

import (
	"context"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/resp"
)

// right is the mark of an operation whose replies are.
const right = 1

// An expectation is what a reply has to be.
type expectation struct {
	null bool
	mark int    // of clients.Reply; 0: any above 0
	wire string // as it arrives by RESP2; "": a number
}

func anyNumber() expectation { return expectation{} }

func nothing() expectation { return expectation{null: true, wire: "$-1\r\n"} }

func number(n int) expectation { return expectation{mark: n, wire: ":" + strconv.Itoa(n) + "\r\n"} }

func text(value string) expectation {
	return expectation{mark: clients.MarkOf(value), wire: string(resp.AppendBulk(nil, value))}
}

func simple(value string) expectation {
	return expectation{mark: clients.MarkOf(value), wire: "+" + value + "\r\n"}
}

func (e expectation) met(r *clients.Reply) bool {
	switch {
	case e.null || r.Null:
		return e.null == r.Null
	case e.mark == 0:
		return r.Mark() > 0
	}
	return r.Mark() == e.mark
}

// A job is what one caller does again and again.
type job struct {
	commands []clients.Command
	expected []expectation // one for each
	awaited  bool          // each command is awaited before the next; else they are one request, or one pipeline
}

func jobOf(c clients.Command, e expectation) job {
	return job{commands: []clients.Command{c}, expected: []expectation{e}}
}

// pipelined says that several commands leave together.
func (j job) pipelined() bool { return len(j.commands) > 1 && !j.awaited }

// split cuts the job where a caller waits.
func (j job) split() (parts []job) {
	if !j.awaited {
		return []job{j}
	}
	for i := range j.commands {
		parts = append(parts, job{commands: j.commands[i : i+1], expected: j.expected[i : i+1]})
	}
	return parts
}

// call is the job as one operation; nil: the client has no way to do it.
func (j job) call(s clients.Session) crowd.Call {
	parts := j.split()
	asks := make([]clients.Ask, len(parts))
	for i, part := range parts {
		if asks[i] = s.Ask(part.commands); asks[i] == nil {
			return nil
		}
	}
	return func(ctx context.Context) (int, error) {
		for i, ask := range asks {
			replies, err := ask(ctx)
			if err != nil {
				return 0, err
			}
			if !parts[i].met(replies) {
				return 0, nil
			}
		}
		return right, nil
	}
}

func (j job) met(replies []clients.Reply) bool {
	for i := range replies {
		if !j.expected[i].met(&replies[i]) {
			return false
		}
	}
	return len(replies) == len(j.expected)
}

// questions are the job as bare bytes.
func (j job) questions() (all []rawpipe.Question) {
	for _, part := range j.split() {
		all = append(all, part.question())
	}
	return all
}

// question knows how long the replies are, unless a number is among them that is not known.
func (j job) question() rawpipe.Question {
	var q resp.Request
	var wires []string
	var lines int
	known := true
	for i, c := range j.commands {
		q.Cmd(c.Name).Args(c.Args...)
		wire := j.expected[i].wire
		known = known && wire != ""
		lines += max(1, strings.Count(wire, "\n"))
		wires = append(wires, wire)
	}
	made := rawpipe.Question{Request: q.Encoded(), Lines: lines, Right: func(got []byte) bool { return matches(string(got), wires) }}
	if known {
		made.Size = len(strings.Join(wires, ""))
	}
	return made
}

// matches compares replies with what is known of them.
func matches(got string, wires []string) bool {
	for _, wire := range wires {
		if wire == "" {
			end := strings.Index(got, "\r\n")
			if end < 0 || got[0] != ':' {
				return false
			}
			wire = got[:end+2]
		}
		if !strings.HasPrefix(got, wire) {
			return false
		}
		got = got[len(wire):]
	}
	return got == ""
}
