package sentinel

import (
	"context"
	"log/slog"
	"time"
)

// repeatAfter is how long the log is not told the same again.
const repeatAfter = 30 * time.Second

func (r *Resolver) log(level slog.Level, text string, args ...any) {
	if r.cfg.Logger != nil {
		r.cfg.Logger.Log(context.Background(), level, "sentinel: "+text, append([]any{"master", r.cfg.Master}, args...)...)
	}
}

// note remembers how a sentinel answered, and tells when one has stopped answering for a while, or answers again.
func (r *Resolver) note(o opinion) {
	switch news := r.answered(o.from, o.err); {
	case news && o.err == nil:
		r.log(slog.LevelInfo, "a sentinel answers again", "sentinel", o.from.addr)
	case news:
		r.log(slog.LevelWarn, "a sentinel does not help", "sentinel", o.from.addr, "error", o.err.Error())
	}
}

func (r *Resolver) tellLearned(m *member) {
	r.log(slog.LevelInfo, "another sentinel is known", "sentinel", m.addr)
}

// tellDeaf is about a sentinel that lets nobody subscribe.
func (r *Resolver) tellDeaf(m *member, err error) {
	if r.deaf(m) {
		r.log(slog.LevelWarn, "a sentinel announces nothing to this user, so failovers are noticed late", "sentinel", m.addr, "error", err.Error())
	}
}

// A told is what the log was told lately.
type told struct {
	at   time.Time
	more int // how often it would have been told again since
}

// tell logs what may repeat: once in repeatAfter, with how often it happened meanwhile.
func (w *watch) tell(level slog.Level, text string, args ...any) {
	last := w.told[text]
	if !last.at.IsZero() && time.Since(last.at) < repeatAfter {
		w.told[text] = told{last.at, last.more + 1}
		return
	}
	w.told[text] = told{at: time.Now()}
	if last.more > 0 {
		args = append(args, "more", last.more)
	}
	w.r.log(level, text, args...)
}

func (w *watch) tellRaised() {
	w.tell(slog.LevelWarn, "a failover is under way, writes are held back", "at_most", w.r.cfg.MaxFence)
}

// tellNothing is told of writes that were held until a failover was given up, or for as long as they may be.
func (w *watch) tellNothing(held time.Duration) {
	w.tell(slog.LevelWarn, "no failover has come of it, writes go on", "held", held)
}

func (w *watch) tellUnproved(p proof) {
	w.tell(slog.LevelWarn, "who is said to be the new master does not say so", "addr", p.addr, "error", p.err.Error())
}

func (r *Resolver) tellSwitch(s Switch) {
	text := "the master is another"
	if !s.Planned {
		text += "; writes that the old one acknowledged shortly before may be lost"
	}
	r.log(slog.LevelWarn, text, "from", s.From, "to", s.To, "planned", s.Planned, "held", s.Held)
}
