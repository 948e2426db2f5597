package sentinel

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// questionsPerSecond bounds what a watch asks of all sentinels together, whatever happens.
const questionsPerSecond = 5

// A Switch is a change of the master.
type Switch struct {
	Master   string        // its name
	From, To string        // addresses, as they are reached
	Held     time.Duration // how long writes have been held back; 0: they were not
	// Planned reports that the failover was announced ahead, while the old master was not known to be down: from then on nobody wrote to it. Otherwise it was dead, or no
	// announcement was heard in time, and what it acknowledged shortly before may be lost.
	Planned bool
	Down    bool // enough sentinels have found the old master to be down: what it still owes will not come
}

var (
	errWatched = errors.New("sentinel: this Resolver is being watched already")
	errTwice   = errors.New("this sentinel is known by another address")
)

// Watch follows the master, and calls onSwitch with each new one: after that has said that it is a master, and before the writes that Gate holds go on.
// onSwitch runs on the goroutine of Watch, and should not wait. d is how the servers are dialled.
//
// Watch listens to all sentinels, and asks them every Config.Poll, and when something seems to be wrong; at most five questions a second in all. Sentinels that others
// name are followed, too, and forgotten when they have been dead for a minute. It returns when ctx has ended and everything that it started has; an error says that the
// Resolver is being watched already.
func (r *Resolver) Watch(ctx context.Context, d *conn.Dialer, onSwitch func(Switch)) error {
	poke, entered := r.enter()
	if !entered {
		return errWatched
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{
		r: r, ctx: ctx, dialer: r.dialer, data: d, onSwitch: onSwitch, poke: poke,
		events: make(chan event), polled: make(chan []opinion), proved: make(chan proof), failing: map[*member]failover{},
		learnAt: time.Now().Add(learnAfter),
	}
	w.dialer.PubSub = true
	defer func() {
		cancel()
		w.tasks.Wait()
		r.lower()
		r.leave()
		closeIf(r.spare.Swap(nil).conn())
	}()
	w.run()
	return nil
}

// A watch is one Watch. Its goroutine owns everything here that changes; tasks tell it what they found.
type watch struct {
	r        *Resolver
	ctx      context.Context
	dialer   conn.Dialer // of sentinels
	data     *conn.Dialer
	onSwitch func(Switch)
	tasks    sync.WaitGroup

	poke   chan struct{}
	events chan event
	polled chan []opinion
	proved chan proof

	polling  bool
	again    bool      // another round of questions is wanted as soon as this one is over
	lastPoll time.Time // when the last one began
	learnAt  time.Time // when to ask for other sentinels

	failing map[*member]failover // by who leads it
	warned  bool                 // it was announced before anybody was promoted
	dead    bool                 // enough sentinels have said that the master is

	proving  *candidate // who is being asked whether it is a master; nil: nobody
	unproved string     // who last said that it was none
	other    string     // what most sentinels name, when that is not the master
	otherAt  time.Time  // since when

	toldUnproved time.Time // when the log was told of a candidate that is no master
}

// A failover is one that a sentinel leads.
type failover struct {
	since time.Time // when that was last said
	over  bool      // the sentinel has given it up
}

// run owns what is known of the master.
func (w *watch) run() {
	for _, m := range w.r.all() {
		w.tasks.Go(func() { w.follow(m) })
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		doubt := false
		select {
		case <-w.ctx.Done():
			return
		case e := <-w.events:
			doubt = w.handle(e)
		case <-w.poke:
			doubt = true
		case p := <-w.proved:
			doubt = w.conclude(p)
		case opinions := <-w.polled:
			w.polling = false
			doubt = w.weigh(opinions) || w.again
			w.again = false
			w.learn(opinions)
		case <-timer.C:
			w.poll()
			timer.Reset(max(w.r.cfg.Poll, w.gap()))
		}
		if doubt {
			timer.Reset(max(0, w.gap()-time.Since(w.lastPoll)))
		}
	}
}

// gap is the least time between two rounds of questions.
func (w *watch) gap() time.Duration {
	return time.Duration(len(w.r.all())) * time.Second / questionsPerSecond
}

// hear passes an event on to the owner.
func (w *watch) hear(e event) {
	select {
	case w.events <- e:
	case <-w.ctx.Done():
	}
}

// handle takes note of an event. It reports whether there is something to ask.
func (w *watch) handle(e event) (doubt bool) {
	switch e.meaning {
	case switched:
		w.announced(e.addr)
	case failing, promoting:
		if w.raise() {
			w.warned = e.meaning == failing
		}
		w.failing[e.from] = failover{since: time.Now()}
	case ended:
		if f, ok := w.failing[e.from]; ok {
			f.over = true
			w.failing[e.from] = f
		}
	case dead:
		w.dead = true
	case alive:
		w.dead = false
	}
	return e.meaning != dead && e.meaning != alive
}

// announced is told of a switch.
func (w *watch) announced(addr string) {
	addr = w.r.reach(addr)
	switch known, _, _ := w.r.known(); addr {
	case "":
	case known: // it is taken back, or told by one that is late
		w.stopProving()
	default:
		w.prove(candidate{addr: addr})
	}
}

// raise holds writes back. It reports whether it is the first to do so.
func (w *watch) raise() bool {
	first := w.r.raise(w.r.cfg.MaxFence, w.r.tellExpired)
	if first {
		w.r.tellRaised()
	}
	return first
}

// settle lets writes go on: the failover is over.
func (w *watch) settle() {
	clear(w.failing)
	w.warned, w.dead = false, false
	w.r.lower()
}

// poll asks all sentinels.
func (w *watch) poll() {
	if w.polling {
		w.again = true
		return
	}
	w.polling, w.lastPoll = true, time.Now()
	w.tasks.Go(func() {
		opinions := w.r.collect(w.ctx, Master, true, &w.tasks)
		if w.ctx.Err() != nil {
			return
		}
		for _, o := range opinions {
			w.r.note(o)
		}
		select {
		case w.polled <- opinions:
		case <-w.ctx.Done():
		}
	})
}
