package sentinel

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// A track is what is known of the master. Only the watch that is in charge changes its mind about that.
type track struct {
	trackMu sync.Mutex
	// Guarded by trackMu.
	poke    chan struct{}      // of size 1: makes the watch ask; nil: there is no watch
	met     []string           // the masters that somebody was connected to since there was a switch, some of them
	addr    string             // of the master, when the watch has verified it; "": ask
	why     error              // why there is none, as the watch has it
	epoch   uint64             // of the configuration that says so
	term    context.Context    // ends when the master is another
	endTerm context.CancelFunc // of term
}

// errSwitched is why an attempt to connect is given up.
var errSwitched = errors.New("the master is another by now")

func newTrack() *track {
	t := &track{}
	t.term, t.endTerm = context.WithCancel(context.Background())
	return t
}

// master returns what is known, with a context that ends when it is no longer true; "" when the sentinels have to be asked. It reports whether it is worth while to
// wait for news: a watch is in progress, and there has been a master.
func (t *track) master() (addr string, term context.Context, hope bool) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	return t.addr, t.term, t.poke != nil && len(t.met) > 0
}

// doubt makes the watch ask the sentinels.
func (t *track) doubt() {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	select {
	case t.poke <- struct{}{}:
	default: // it is about to, or there is none
	}
}

// meet is told that somebody is connected to a master.
func (t *track) meet(addr string) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	if len(t.met) < mostMet && !slices.Contains(t.met, addr) {
		t.met = append(t.met, addr)
	}
}

// mostMet is how many masters are remembered. Two would do to know that connections are with another.
const mostMet = 4

// known returns the master that the watch follows, and whom connections may be with.
func (t *track) known() (addr string, met []string, epoch uint64) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	return t.addr, slices.Clone(t.met), t.epoch
}

// unknown notes why no master is known, and whyUnknown returns it.
func (t *track) unknown(why error) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	t.why = why
}

func (t *track) whyUnknown() error {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	if t.why == nil {
		return errUnknown
	}
	return t.why
}

// adopt makes addr the master. wake is to be called afterwards: it wakes those who wait for one.
func (t *track) adopt(addr string, epoch uint64) (wake context.CancelFunc) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	wake = t.endTerm
	t.addr, t.met, t.epoch = addr, []string{addr}, epoch
	t.term, t.endTerm = context.WithCancel(context.Background())
	return wake
}

// confirm is told that sentinels still name the master.
func (t *track) confirm(epoch uint64) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	t.epoch = max(t.epoch, epoch)
}

// enter begins a watch, unless there is one.
func (t *track) enter() (poke chan struct{}, entered bool) {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	if t.poke != nil {
		return nil, false
	}
	t.poke = make(chan struct{}, 1)
	return t.poke, true
}

// leave ends it: nothing is known without one, and nobody waits for news.
func (t *track) leave() {
	t.trackMu.Lock()
	defer t.trackMu.Unlock()
	t.poke, t.addr, t.why, t.epoch = nil, "", nil, 0
	t.endTerm()
	t.term, t.endTerm = context.WithCancel(context.Background())
}
