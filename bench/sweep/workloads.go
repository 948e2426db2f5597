package main

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/versus"
)

// An experiment is a workload, with what goes on around it, and what it is a point of.
type experiment struct {
	versus.Workload
	stretch int                    // its samples last this many times as long; 0: once
	load    func() (func(), error) // started before, stopped after; nil: none
	point   point
}

// A point is a place in a chart; one without a series is none.
type point struct {
	series series
	at     int
}

const (
	capped     = 3 // connections, where they are bounded
	shortValue = 64
	wafStretch = 2
)

var sizes = []int{shortValue, 1 << 10, 16 << 10, 64 << 10, 1 << 20}

// A plan makes the workloads of a site.
type plan struct {
	site    *site
	clients []clients.Client
	gauges  []versus.Gauge // beside those of time
}

// selected are the experiments that the options ask for.
func (s *site) selected(o options) (all []experiment, err error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, err
	}
	p := plan{site: s, clients: clients.All()}
	all = p.quick()
	if o.full {
		p.clients = append(p.clients, clients.Defaults()...)
		p.gauges = s.transferGauges()
		all = slices.Concat(p.quick(), p.full())
	}
	all = slices.DeleteFunc(all, func(e experiment) bool { return !only.MatchString(e.Name) })
	if len(all) == 0 {
		return nil, fmt.Errorf("no workload matches %q", o.only)
	}
	return all, nil
}

// A setting is all about a workload but its name.
type setting struct {
	target dial.Target
	jobs   func(caller int) job
	shape  clients.Shape
	unit   string // "": commands
	bytes  int    // of an operation, where they are worth a column
}

// by is a setting on the site's plain way, with all callers doing the same.
func (p plan) by(callers, limit int, j job) setting {
	return setting{target: p.site.tcp, jobs: func(int) job { return j }, shape: clients.Shape{Callers: callers, Limit: limit}}
}

func (p plan) experiment(name, title string, s setting) experiment {
	rec := crowd.NewRecorder(s.shape.Callers)
	w := versus.Workload{Name: name, Title: title, Unit: s.unit, Bytes: s.bytes, AsRate: true, Gauges: append(rec.Gauges(), p.gauges...)}
	if w.Unit == "" {
		w.Unit = "commands"
	}
	least := floor(s.target, s.jobs(0), s.shape.Callers, rec)
	w.Reference, w.Contenders = least.Name, append(w.Contenders, least)
	for _, c := range p.clients {
		if made, ok := client(c, s.target, s.jobs, s.shape, rec); ok {
			w.Contenders = append(w.Contenders, made)
		}
	}
	return experiment{Workload: w}
}

// quick is what two minutes are enough for.
func (p plan) quick() (made []experiment) {
	for _, callers := range []int{1, 8, 64, 512} {
		made = append(made, p.experiment(fmt.Sprintf("get-%d", callers), fmt.Sprintf("GET of 64 bytes, %s", callersText(callers)), p.by(callers, 0, p.get())))
	}
	return append(
		made,
		p.experiment("set-64", "SET of 64 bytes, 64 callers", p.by(64, 0, p.set(shortValue))),
		p.experiment("evalsha-64", "EVALSHA (INCR and EXPIRE), 64 callers", p.by(64, 0, p.script())),
		p.pipeline(16),
		p.waf(64, true), p.waf(64, false),
	)
}

func (p plan) get() job {
	return jobOf(clients.Get(p.site.value(shortValue)), text(valueOf(shortValue)))
}

func (p plan) set(size int) job {
	return jobOf(clients.Set(p.site.stored(size), valueOf(size)), simple("OK"))
}

func (p plan) script() job { return jobOf(p.site.count(p.site.key("counter")), anyNumber()) }

// pipelineCallers is how many callers have pipelines.
const pipelineCallers = 8

func (p plan) pipeline(length int) experiment {
	var j job
	for range length {
		j.commands = append(j.commands, p.get().commands...)
		j.expected = append(j.expected, p.get().expected...)
	}
	s := p.by(pipelineCallers, 0, j)
	s.unit = "pipelines"
	return p.experiment(fmt.Sprintf("pipeline-%d", length), fmt.Sprintf("pipelines of %d GET, %s", length, callersText(pipelineCallers)), s)
}

func (p plan) waf(callers int, awaited bool) experiment {
	name, how := fmt.Sprintf("waf-%d-batch", callers), "as one batch"
	if awaited {
		name, how = fmt.Sprintf("waf-%d", callers), "each awaited"
	}
	s := p.by(callers, capped, job{})
	s.unit, s.jobs = "turns", func(caller int) job { return p.site.guard(caller, awaited) }
	title := fmt.Sprintf("session, counter, ban and its time, %s, %s, at most %d connections", how, callersText(callers), capped)
	e := p.experiment(name, title, s)
	e.stretch = wafStretch
	return e
}

func callersText(callers int) string {
	if callers == 1 {
		return "1 caller"
	}
	return fmt.Sprintf("%d callers", callers)
}
