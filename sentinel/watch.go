package sentinel

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// What a watch asks of all sentinels together, whatever happens: questions, and attempts to reach those that are away, who are asked nothing else.
const (
	questionsPerSecond = 5
	linksPerSecond     = 2
)

// A Switch is a change of the master.
type Switch struct {
	Master   string        // its name
	From, To string        // addresses, as they are reached
	Held     time.Duration // how long writes have been held back; 0: they were not
	// Planned reports that writes were held from before anybody was promoted, while the old master was not known to be down: none that was acknowledged is lost, but
	// for those of whoever had a connection to himself. Otherwise what the old master acknowledged shortly before may be.
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
// Resolver is being watched already. Writes that are held then go on: close the pool before, where they must not.
func (r *Resolver) Watch(ctx context.Context, d *conn.Dialer, onSwitch func(Switch)) error {
	poke, entered := r.enter()
	if !entered {
		return errWatched
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{
		r: r, ctx: ctx, dialer: r.dialer, data: d, onSwitch: onSwitch, poke: poke,
		events: make(chan event), polled: make(chan []opinion), proved: make(chan proof),
		holds: map[source]*hold{}, dead: map[*member]bool{}, proving: map[string]*candidate{}, heardAt: map[*member]time.Time{}, told: map[string]told{},
		learnAt: time.Now().Add(learnAfter), expiry: time.NewTimer(time.Hour),
	}
	defer w.expiry.Stop()
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

	holds  map[source]*hold // what holds writes, or did
	expiry *time.Timer      // when one of them has lasted long enough
	dead   map[*member]bool // those who have said that the master is, and enough others agree

	proving    map[string]*candidate // who is being asked whether it is a master, by address
	heardAt    map[*member]time.Time // when sentinels last announced a candidate
	unproved   string                // who last said that it was no master
	unprovedAt time.Time
	other      string    // what most sentinels name, when that is not the master
	otherAt    time.Time // since when

	told map[string]told // what the log was told, by its text
}

// run owns what is known of the master.
func (w *watch) run() {
	for _, m := range w.r.all() {
		w.tasks.Go(func() { w.listenTo(m) })
	}
	timer := time.NewTimer(1)
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
		case <-w.expiry.C:
			w.expire()
		case <-timer.C:
			w.poll()
			timer.Reset(max(w.r.cfg.Poll, w.gap()))
		}
		if doubt {
			timer.Reset(max(1, w.gap()-time.Since(w.lastPoll)))
		}
	}
}

// gap is the least time between two rounds of questions.
func (w *watch) gap() time.Duration {
	n, away := w.r.counts()
	if away == 0 {
		return time.Duration(n) * time.Second / questionsPerSecond
	}
	return time.Duration(n-away) * time.Second / (questionsPerSecond - linksPerSecond)
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
	switch lead := (source{from: e.from}); e.meaning {
	case switched:
		w.announced(e)
	case trying:
		if w.hold(source{from: e.from, trying: true}) {
			w.askEarly(e.from)
		}
	case failing, promoting:
		if w.hold(lead) && e.meaning == failing {
			w.askEarly(e.from)
		}
	case confirmed:
		w.confirm(e.from)
		return false
	case ended:
		if h := w.holds[lead]; h != nil {
			h.over = true
		}
	case dead:
		w.dead[e.from] = true
		return false
	case alive:
		delete(w.dead, e.from)
		return false
	}
	return true
}

// announced is told of a switch. Each sentinel has one candidate at a time, and a new one each second at most.
func (w *watch) announced(e event) {
	by := source{from: e.from, announced: true}
	addr := w.r.reach(e.addr)
	known, _, _ := w.r.known()
	switch {
	case addr == known: // it is taken back, or told by one that is late
		w.stopProving(by)
		w.release(by)
	case addr != "" && time.Since(w.heardAt[e.from]) >= time.Second:
		w.heardAt[e.from] = time.Now()
		w.stopProving(by)
		w.prove(candidate{addr: addr, by: by})
	}
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
