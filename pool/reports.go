package pool

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// reportInterval is how long a message that repeats is counted rather than logged again.
const reportInterval = 30 * time.Second

// A report is a sort of message.
type report int

const (
	reportDialFailed report = iota
	reportNoMaster
	reportBroken
	reportIdleEnd
	reportKinds
)

// A reports tells a log what whoever runs the program should know. It must not be called under Pool.mu, since it waits for the log; so what happened in the
// same moment may be told in either order.
type reports struct {
	log *slog.Logger // nil: nobody wants to know

	mu     sync.Mutex // not held while logging
	kinds  [reportKinds]repetition
	outage bool   // the log's last word is that dials fail. Guarded by mu
	untold uint64 // outages that ended and were not mentioned. Guarded by mu
}

// A repetition is what is known of a kind of message.
type repetition struct {
	until   time.Time // until then it is counted
	counted uint64    // since it was logged
}

// dialFailed is told of each dial that failed, with how many did since one worked.
func (r *reports) dialFailed(err error, failures uint64) {
	r.say(reportDialFailed, slog.LevelWarn, "redis: no connection", slog.Any("err", err), slog.Uint64("failures", failures))
}

// recovered is told of each first dial that works after others failed. The log hears of it when it was told of the outage, however short a time ago, so that
// its last word is never that dials fail when they do not.
func (r *reports) recovered(outage time.Duration, failures uint64) {
	if !r.wanted(slog.LevelInfo) {
		return
	}
	r.mu.Lock()
	told, untold := r.outage, r.untold
	r.outage = false
	if r.untold++; told {
		r.untold = 0
	}
	r.mu.Unlock()
	if told {
		r.write(slog.LevelInfo, "redis: connected again", untold, slog.Duration("outage", outage), slog.Uint64("failures", failures))
	}
}

// noMaster is told when a pool was reset because of what a server answered.
func (r *reports) noMaster(code string) {
	r.say(reportNoMaster, slog.LevelWarn, "redis: the server is not, or not yet, a master; its connections are given up", slog.String("code", code))
}

// broken is told of a connection that died, with how many callers had it. Without any it is routine: servers close what is idle.
func (r *reports) broken(err error, callers int) {
	if callers > 0 {
		r.say(reportBroken, slog.LevelWarn, "redis: a connection broke", slog.Any("err", err), slog.Int("callers", callers))
	} else {
		r.say(reportIdleEnd, slog.LevelDebug, "redis: an idle connection has ended", slog.Any("err", err))
	}
}

func (r *reports) wanted(level slog.Level) bool {
	return r.log != nil && r.log.Enabled(context.Background(), level)
}

// say logs a message, or counts it when the last of its kind is too recent.
func (r *reports) say(kind report, level slog.Level, text string, attrs ...slog.Attr) {
	if !r.wanted(level) {
		return
	}
	if repeated, due := r.due(kind, time.Now()); due {
		r.write(level, text, repeated, attrs...)
	}
}

// due reports whether a message is to be logged now, and how many like it were not.
func (r *reports) due(kind report, now time.Time) (repeated uint64, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := &r.kinds[kind]
	if now.Before(k.until) {
		k.counted++
		return 0, false
	}
	repeated = k.counted
	*k = repetition{until: now.Add(reportInterval)}
	if kind == reportDialFailed {
		r.outage = true
	}
	return repeated, true
}

func (r *reports) write(level slog.Level, text string, repeated uint64, attrs ...slog.Attr) {
	if repeated > 0 {
		attrs = append(attrs, slog.Uint64("repeated", repeated))
	}
	r.log.LogAttrs(context.Background(), level, text, attrs...)
}

// refusalCode returns how a server said that it is no master. Where a script says it, the reply's own code says nothing, and it was READONLY: see refusal.
func refusalCode(e *resp.Error) string {
	if code := e.Code(); slices.Contains([]string{"LOADING", "MASTERDOWN"}, code) {
		return code
	}
	return "READONLY"
}
