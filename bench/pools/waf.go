package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

const (
	guardedCallers     = 64
	guardedConnections = 3
	guardedStretch     = 3

	awaited = "waf-64"
	batched = "waf-64-batch"

	sessionSize = 400
	countTime   = "60" // seconds
	noKey       = -2   // what PTTL answers
)

var counterScript = resp.NewScript(`local n = redis.call('INCR', KEYS[1]) redis.call('EXPIRE', KEYS[1], ARGV[1]) return n`)

// A visitor is what one caller asks about again and again. All keys of a kind have the same length.
type visitor struct {
	session, counter, ban string
	data                  string // of the session
}

func visitorOf(i int) visitor {
	ip := fmt.Sprintf("10.1.0.%d", 100+i)
	return visitor{
		session: fmt.Sprintf("sessions_:session:%043d", i),
		counter: "plugin_bad_behavior_www.example.com_" + ip,
		ban:     "bans_service_www.example.com_ip_" + ip,
		data:    strings.Repeat("s", sessionSize-3) + fmt.Sprintf("%03d", i),
	}
}

// commands are what is asked: the session, the counter, the ban and its time.
func (v *visitor) commands() []clients.Command {
	ban, ttl := clients.Get(v.ban), clients.Command{Name: "PTTL", Args: []string{v.ban}, Want: clients.Number}
	ban.Nullable = true
	return []clients.Command{clients.Get(v.session), clients.EvalSHA(clients.Number, counterScript.SHA(), []string{v.counter}, countTime), ban, ttl}
}

// mark says whether the answers of one turn are right: nobody bans these visitors.
func (v *visitor) mark(session, count, ban, ttl *clients.Reply) int {
	if session.Is(v.data) && count.Ints[0] > 0 && ban.Null && ttl.Ints[0] == noKey {
		return right
	}
	return 0
}

// awaiting is a turn that awaits each reply before it asks the next.
func awaiting(s clients.Session, v visitor) crowd.Call {
	var asks [4]clients.Ask
	for i, command := range v.commands() {
		asks[i] = s.Ask([]clients.Command{command})
	}
	return func(ctx context.Context) (int, error) {
		var replies [len(asks)]*clients.Reply
		for i, ask := range asks {
			got, err := ask(ctx)
			if err != nil {
				return 0, err
			}
			replies[i] = &got[0]
		}
		return v.mark(replies[0], replies[1], replies[2], replies[3]), nil
	}
}

// batching is one that asks all at once.
func batching(s clients.Session, v visitor) crowd.Call {
	ask := s.Ask(v.commands())
	return func(ctx context.Context) (int, error) {
		r, err := ask(ctx)
		if err != nil {
			return 0, err
		}
		return v.mark(&r[0], &r[1], &r[2], &r[3]), nil
	}
}

func guarded(t dial.Target) []experiment {
	all := clients.All()
	piped := slices.DeleteFunc(clients.All(), func(c clients.Client) bool { return c.Single })
	return []experiment{
		{waf(t, awaited, "session, counter, ban and its time, each awaited, 64 callers, 3 connections", awaitedQuestions(), all, awaiting), guardedStretch},
		{waf(t, batched, "the same four as one batch", batchedQuestion(), piped, batching), guardedStretch},
	}
}

func waf(t dial.Target, name, title string, questions []rawpipe.Question, all []clients.Client, way func(clients.Session, visitor) crowd.Call) versus.Workload {
	rec := crowd.NewRecorder(guardedCallers)
	w := versus.Workload{Name: name, Title: title, Unit: "turns", Reference: rawpipe.Name(guardedCallers), AsRate: true, Gauges: rec.Gauges()}
	w.Contenders = append(w.Contenders, rawpipe.Contender(t, questions, guardedCallers, true))
	for _, c := range all {
		w.Contenders = append(w.Contenders, guard(c, t, way, rec))
	}
	return w
}

// guard is a contender that looks after visitors.
func guard(c clients.Client, t dial.Target, way func(clients.Session, visitor) crowd.Call, rec *crowd.Recorder) versus.Contender {
	return crowd.Timed(c.Name, c.Kind, right, rec, func(ctx context.Context) ([]crowd.Call, func(), error) {
		s, err := c.Open(ctx, t, clients.Shape{Callers: guardedCallers, Limit: guardedConnections})
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, guardedCallers)
		for i := range calls {
			calls[i] = way(s, visitorOf(i))
		}
		return calls, s.Close, nil
	})
}

// encoded is what a command is on the wire.
func encoded(commands ...clients.Command) []byte {
	var q resp.Request
	for _, c := range commands {
		q.Cmd(c.Name).Args(c.Args...)
	}
	return q.Encoded()
}

// awaitedQuestions are what floors ask: all of them about the first visitor.
func awaitedQuestions() []rawpipe.Question {
	v := visitorOf(0)
	c := v.commands()
	exactly := func(c clients.Command, want []byte) rawpipe.Question {
		return rawpipe.Question{Request: encoded(c), Size: len(want), Right: func(got []byte) bool { return bytes.Equal(got, want) }}
	}
	return []rawpipe.Question{
		exactly(c[0], resp.AppendBulk(nil, v.data)),
		{Request: encoded(c[1]), Lines: 1, Right: func(got []byte) bool { return bytes.HasPrefix(got, []byte(":")) }},
		exactly(c[2], nothing),
		exactly(c[3], resp.AppendInt(nil, noKey)),
	}
}

// nothing is RESP2's null, for floors do not say hello.
var nothing = []byte("$-1\r\n")

func batchedQuestion() []rawpipe.Question {
	v := visitorOf(0)
	begins, ends := resp.AppendBulk(nil, v.data), resp.AppendInt(bytes.Clone(nothing), noKey)
	return []rawpipe.Question{{
		Request: encoded(v.commands()...), Lines: 5,
		Right: func(got []byte) bool { return bytes.HasPrefix(got, begins) && bytes.HasSuffix(got, ends) },
	}}
}
