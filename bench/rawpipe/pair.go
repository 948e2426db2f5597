package rawpipe

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// Name is that of two connections that batch half the callers' requests each.
func Name(callers int) string { return fmt.Sprintf("raw pipe 2x%d", callers/2) }

// Contender is two goroutines on two connections. When it is timed, its samples are bounded by time.
func Contender(t dial.Target, questions []Question, callers int, timed bool) versus.Contender {
	made := versus.Contender{Name: Name(callers), Kind: versus.Floor}
	if timed {
		made.SetupTimed = func() (versus.RunFor, func(), error) {
			p, err := newPair(t, questions, callers/2)
			return p.runFor, p.close, err
		}
		return made
	}
	made.Setup = func() (versus.Run, func(), error) {
		p, err := newPair(t, questions, callers/2)
		return p.run, p.close, err
	}
	return made
}

// A pair is two wires.
type pair struct {
	wires    [2]*Wire
	starts   [2]func()
	errs     [2]error
	done     [2]int
	n        int       // operations of each
	deadline time.Time // zero: n bounds the run
	wg       sync.WaitGroup
}

func newPair(t dial.Target, questions []Question, batch int) (*pair, error) {
	p := &pair{}
	for i := range p.wires {
		w, err := NewWire(context.Background(), t, questions, batch)
		if err != nil {
			p.close()
			return p, err
		}
		p.wires[i] = w
		p.starts[i] = func() {
			defer p.wg.Done()
			p.done[i], p.errs[i] = p.work(w, batch)
		}
	}
	return p, nil
}

func (p *pair) work(w *Wire, batch int) (done int, err error) {
	if p.deadline.IsZero() {
		return p.n, w.Run(p.n)
	}
	for ; time.Now().Before(p.deadline); done += batch {
		if err := w.Exchange(batch); err != nil {
			return done, err
		}
	}
	return done, nil
}

// run performs n operations, or one more.
func (p *pair) run(n int) error {
	p.n = (n + 1) / 2
	p.wg.Add(len(p.starts))
	for _, start := range p.starts {
		go start()
	}
	p.wg.Wait()
	if p.errs[0] != nil {
		return p.errs[0]
	}
	return p.errs[1]
}

func (p *pair) runFor(d time.Duration) (n int, err error) {
	p.deadline = time.Now().Add(d)
	err = p.run(0)
	return p.done[0] + p.done[1], err
}

func (p *pair) close() {
	for _, w := range p.wires {
		if w != nil {
			_ = w.NC.Close()
		}
	}
}
