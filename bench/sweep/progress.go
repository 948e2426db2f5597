package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// A progress says how far the measurement is: a bar where somebody looks at it, else a line for each workload.
type progress struct {
	out   io.Writer
	bar   bool
	now   func() time.Time
	total float64 // what all workloads weigh; how long one takes is in proportion to its weight

	mu     sync.Mutex
	began  time.Time // of everything
	since  time.Time // of the workload
	done   float64   // what is finished
	weight float64   // of the workload; 0: none is under way
	name   string
}

// onTerminal says whether somebody may look.
func onTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func newProgress(out io.Writer, bar bool, now func() time.Time, total float64) *progress {
	return &progress{out: out, bar: bar, now: now, total: total, began: now()}
}

// run draws the bar anew now and then. stop leaves it on its line.
func (p *progress) run(every time.Duration) (stop func()) {
	if !p.bar {
		return func() {}
	}
	ended, wait := make(chan struct{}), sync.WaitGroup{}
	wait.Go(func() {
		ticks := time.NewTicker(every)
		defer ticks.Stop()
		for {
			select {
			case <-ended:
				fmt.Fprintln(p.out)
				return
			case <-ticks.C:
				p.draw()
			}
		}
	})
	return func() { close(ended); wait.Wait() }
}

// start says which workload is next.
func (p *progress) start(name string, weight float64) {
	p.mu.Lock()
	p.name, p.weight, p.since = name, weight, p.now()
	p.mu.Unlock()
	if p.bar {
		p.draw()
	}
}

// finish says that it is over.
func (p *progress) finish() {
	p.mu.Lock()
	took := p.now().Sub(p.since)
	p.done += p.weight
	p.weight = 0
	part, left := p.standing()
	name := p.name
	p.mu.Unlock()
	if p.bar {
		p.draw()
		return
	}
	fmt.Fprintf(p.out, "%3.0f %%  %s: %.1fs, %s left\n", 100*part, name, took.Seconds(), left)
}

const barWidth = 30

func (p *progress) draw() {
	p.mu.Lock()
	defer p.mu.Unlock()
	part, left := p.standing()
	full := int(part * barWidth)
	fmt.Fprintf(p.out, "\r[%s%s] %3.0f %%, %s left  %-24.24s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), 100*part, left, p.name)
}

// standing is how much is done, and how long the rest takes if it goes on as it went; of the workload that is under way, as much is done as its time says.
func (p *progress) standing() (part float64, left time.Duration) {
	now := p.now()
	elapsed := now.Sub(p.began).Seconds()
	rate := 1.0 // weight in a second: what weights are meant to be
	if spent := p.since.Sub(p.began).Seconds(); p.done > 0 && (spent > 0 || p.weight == 0) {
		if p.weight == 0 {
			spent = elapsed
		}
		rate = p.done / max(spent, 1e-9)
	}
	done := p.done
	if p.weight > 0 {
		done += min(rate*now.Sub(p.since).Seconds(), 0.99*p.weight)
	}
	return min(done/p.total, 1), time.Duration(max(p.total-done, 0) / rate * float64(time.Second)).Round(time.Second)
}
