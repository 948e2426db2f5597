package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"

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
	countTime   = 60 // seconds
	noKey       = -2 // what PTTL answers
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

// mark says whether the answers of one turn are right: nobody bans these visitors.
func (v *visitor) mark(session string, count int64, banned bool, ttl int64) int {
	if session == v.data && count > 0 && !banned && ttl == noKey {
		return right
	}
	return 0
}

// A gate is a client that looks after visitors.
type gate interface {
	// awaited prepares a turn that awaits each reply before it asks the next; batched one that asks all at once, nil: the client has no way of its own.
	awaited(v visitor) crowd.Call
	batched(v visitor) crowd.Call
	close()
}

// A keeper is a way to use a library.
type keeper struct {
	name string
	kind versus.Kind
	open func(ctx context.Context, t dial.Target) (gate, error)
}

const oursName = "ours"

func keepers() []keeper {
	return []keeper{
		{oursName, versus.Ours, openOursGate},
		{"go-redis", versus.Peer, openGoRedis},
		{"go-redis/autopipe", versus.Peer, openGoRedisAuto},
		{"go-redis/fullduplex", versus.Peer, openGoRedisDuplex},
		{"rueidis", versus.Peer, openRueidisGate},
		{"rueidis/flush20us", versus.Peer, openRueidisFlush},
		{"rueidis/flush20us, 1conn", versus.Peer, openRueidisFlushOne},
		{"redigo", versus.Peer, openRedigoGate},
		{"radix", versus.Peer, openRadixGate},
		{"radix/flush150us", versus.Peer, openRadixFlush},
	}
}

// pipelineless are those whose pipelines are those of another one of them.
const pipelineless = "go-redis/autopipe"

func guarded(t dial.Target) []experiment {
	one := waf(t, awaited, "session, counter, ban and its time, each awaited, 64 callers, 3 connections", awaitedQuestions(), gate.awaited)
	all := waf(t, batched, "the same four as one batch", batchedQuestion(), gate.batched)
	for i, c := range all.Contenders {
		if c.Name == pipelineless {
			all.Contenders = append(all.Contenders[:i:i], all.Contenders[i+1:]...)
			break
		}
	}
	return []experiment{{one, guardedStretch}, {all, guardedStretch}}
}

func waf(t dial.Target, name, title string, questions []rawpipe.Question, way func(gate, visitor) crowd.Call) versus.Workload {
	rec := crowd.NewRecorder(guardedCallers)
	w := versus.Workload{Name: name, Title: title, Unit: "turns", Reference: rawpipe.Name(guardedCallers), AsRate: true, Gauges: rec.Gauges()}
	w.Contenders = append(w.Contenders, rawpipe.Contender(t, questions, guardedCallers, true))
	for _, k := range keepers() {
		w.Contenders = append(w.Contenders, k.contender(t, way, rec))
	}
	return w
}

func (k keeper) contender(t dial.Target, way func(gate, visitor) crowd.Call, rec *crowd.Recorder) versus.Contender {
	return timed(k.name, k.kind, func(ctx context.Context) ([]crowd.Call, func(), error) {
		g, err := k.open(ctx, t)
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, guardedCallers)
		for i := range calls {
			calls[i] = way(g, visitorOf(i))
		}
		return calls, g.close, nil
	}, rec)
}

// awaitedQuestions are what floors ask: all of them about the first visitor.
func awaitedQuestions() []rawpipe.Question {
	v := visitorOf(0)
	var session, count, ban, ttl resp.Request
	v.askSession(&session)
	v.askCount(&count)
	v.askBan(&ban)
	v.askTTL(&ttl)
	exactly := func(q *resp.Request, want []byte) rawpipe.Question {
		return rawpipe.Question{Request: q.Encoded(), Size: len(want), Right: func(got []byte) bool { return bytes.Equal(got, want) }}
	}
	return []rawpipe.Question{
		exactly(&session, resp.AppendBulk(nil, v.data)),
		{Request: count.Encoded(), Lines: 1, Right: func(got []byte) bool { return bytes.HasPrefix(got, []byte(":")) }},
		exactly(&ban, nothing),
		exactly(&ttl, resp.AppendInt(nil, noKey)),
	}
}

// nothing is RESP2's null, for floors do not say hello.
var nothing = []byte("$-1\r\n")

func batchedQuestion() []rawpipe.Question {
	v := visitorOf(0)
	var q resp.Request
	v.askAll(&q)
	begins, ends := resp.AppendBulk(nil, v.data), resp.AppendInt(bytes.Clone(nothing), noKey)
	return []rawpipe.Question{{
		Request: q.Encoded(), Lines: 5,
		Right: func(got []byte) bool { return bytes.HasPrefix(got, begins) && bytes.HasSuffix(got, ends) },
	}}
}

func (v *visitor) askSession(q *resp.Request) { q.Cmd("GET").Str(v.session) }
func (v *visitor) askCount(q *resp.Request)   { q.Script(counterScript, v.counter).Int(countTime) }
func (v *visitor) askBan(q *resp.Request)     { q.Cmd("GET").Str(v.ban) }
func (v *visitor) askTTL(q *resp.Request)     { q.Cmd("PTTL").Str(v.ban) }

func (v *visitor) askAll(q *resp.Request) {
	v.askSession(q)
	v.askCount(q)
	v.askBan(q)
	v.askTTL(q)
}
