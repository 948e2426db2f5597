package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// A step is one command of an operation, as it is sent by hand.
type step struct {
	name string   // GET, PTTL, GETRANGE or EVALSHA
	args []string // behind the name
	keys int      // of EVALSHA
}

// script returns the parts of an EVALSHA.
func (s *step) script() (sha string, keys, argv []string) {
	return s.args[0], s.args[2 : 2+s.keys], s.args[2+s.keys:]
}

// A reply is what a client made of one.
type reply struct {
	null bool
	text string
	ints []int64 // of a number, or of an array, nested or not
}

// An asker is a client that is used by hand.
type asker interface {
	// asking prepares these commands for one caller: a single one is sent as a command, several as a pipeline. Replies hold until the next call.
	asking(steps []step) func(ctx context.Context) ([]reply, error)
	close()
}

// A keeper is a way to use a library.
type keeper struct {
	name string
	open func(ctx context.Context, t dial.Target) (asker, error)
	lone bool // for single commands only: its pipelines are those of another
}

const (
	oursName    = "ours"
	oursOneName = "ours, 1 kept"
	connections = 3 // that each client may have
)

func keepers() []keeper {
	return []keeper{
		{"go-redis", openGoRedis, false},
		{"go-redis/autopipe", openGoRedisAuto, true},
		{"go-redis/fullduplex", openGoRedisDuplex, false},
		{"rueidis", openRueidis, false},
		{"rueidis/flush20us", openRueidisFlush, false},
		{"rueidis/flush20us, 1conn", openRueidisFlushOne, false},
		{"redigo", openRedigo, false},
		{"radix", openRadix, false},
		{"radix/flush150us", openRadixFlush, false},
	}
}

func (k keeper) contender(s *site, op operation, rec *crowd.Recorder, callers int) versus.Contender {
	return timed(k.name, versus.Peer, func(ctx context.Context) ([]crowd.Call, func(), error) {
		a, err := k.open(ctx, s.tcp)
		if err != nil {
			return nil, nil, err
		}
		calls := make([]crowd.Call, callers)
		for caller := range calls {
			ask := a.asking(s.recorded[op.name][caller].steps)
			calls[caller] = func(ctx context.Context) (int, error) {
				replies, err := ask(ctx)
				if err != nil {
					return 0, err
				}
				return mark(op.right(s, caller, replies)), nil
			}
		}
		return calls, a.close, nil
	}, rec)
}

func rightBan(_ *site, _ int, r []reply) bool {
	return len(r) == 4 && r[0].text == "" && r[1].ints[0] == noKey && r[2].text == "" && r[3].ints[0] == noKey
}

func rightPath(_ *site, _ int, r []reply) bool {
	return len(r) == 1 && len(r[0].ints) == 3 && r[0].ints[0] > 0
}

func rightService(_ *site, _ int, r []reply) bool { return len(r) == 1 && len(r[0].ints) == 1 }

func rightQuota(_ *site, _ int, r []reply) bool {
	return len(r) == 1 && len(r[0].ints) == 3 && r[0].ints[1] > 0
}

func rightBad(_ *site, _ int, r []reply) bool {
	return len(r) == 1 && len(r[0].ints) == 2 && r[0].ints[0] > 0 && r[0].ints[1] == 0
}

func rightVisitor(s *site, caller int, r []reply) bool {
	return len(r) == 1 && s.bare[caller].open(r[0].text) == nil
}

func rightSession(_ *site, caller int, r []reply) bool {
	return len(r) == 1 && strings.HasSuffix(r[0].text, sessionData(caller))
}

func rightBatch(s *site, caller int, r []reply) bool {
	return len(r) == 6 && rightBan(s, caller, r[:4]) && rightPath(s, caller, r[4:5]) && rightSession(s, caller, r[5:])
}

// unknown is how a client says that it has no such command.
func unknown(s step) error { return fmt.Errorf("%s is sent by nobody", s.name) }

// addInts appends what is in an array, nested or not.
func addInts(dst []int64, v any) []int64 {
	switch v := v.(type) {
	case int64:
		return append(dst, v)
	case []any:
		for _, element := range v {
			dst = addInts(dst, element)
		}
	}
	return dst
}
