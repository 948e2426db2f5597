package main

import (
	"fmt"
	"slices"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/dial"
)

const busyStretch = 2 // so that samples see several time slices

// full is what the quick mode has not.
func (p plan) full() []experiment {
	return slices.Concat(p.byCallers(), p.bySize(), p.byPipeline(), p.wafs(), p.ways(), p.beside())
}

// byCallers are points over the number of callers, on at most three connections.
func (p plan) byCallers() (made []experiment) {
	for callers := 1; callers <= 1024; callers *= 2 {
		e := p.experiment(fmt.Sprintf("callers-%d", callers),
			fmt.Sprintf("GET of 64 bytes, %s, at most %d connections", callersText(callers), capped), p.by(callers, capped, p.get()))
		e.point = point{overCallers, callers}
		made = append(made, e)
	}
	return made
}

// bySize are points over the size of a value. What is read is the caller's own, for good.
func (p plan) bySize() (made []experiment) {
	for _, callers := range []int{1, 16} {
		for _, size := range sizes {
			owned := clients.Get(p.site.value(size))
			owned.Want = clients.Owned
			for _, verb := range []struct {
				name string
				job  job
			}{{"get", jobOf(owned, text(valueOf(size)))}, {"set", p.set(size)}} {
				s := p.by(callers, 0, verb.job)
				s.bytes = size
				e := p.experiment(fmt.Sprintf("size-%s-%s-%d", verb.name, sizeText(size, ""), callers), fmt.Sprintf("%s of %s, %s", verbs[verb.name], sizeText(size, " "), callersText(callers)), s)
				e.point = point{overSize(verb.name, callers), size}
				made = append(made, e)
			}
		}
	}
	return made
}

var verbs = map[string]string{"get": "GET as memory of its own", "set": "SET"}

func sizeText(size int, space string) string {
	switch {
	case size >= 1<<20:
		return fmt.Sprintf("%d%sMiB", size>>20, space)
	case size >= 1<<10:
		return fmt.Sprintf("%d%sKiB", size>>10, space)
	}
	return fmt.Sprintf("%d%sB", size, space)
}

// byPipeline leaves out the length that the quick mode has.
func (p plan) byPipeline() (made []experiment) {
	for _, length := range []int{1, 4, 64, 256} {
		made = append(made, p.pipeline(length))
	}
	return made
}

func (p plan) wafs() []experiment {
	return []experiment{p.waf(8, true), p.waf(8, false), p.waf(512, true), p.waf(512, false)}
}

// ways are the others that lead to the server.
func (p plan) ways() (made []experiment) {
	for _, way := range []struct {
		name, title string
		target      *dial.Target
	}{{"tls", "TLS 1.3", p.site.tls}, {"unix", "a unix socket", p.site.unix}} {
		if way.target == nil {
			continue
		}
		for _, callers := range []int{1, 64} {
			s := p.by(callers, 0, p.get())
			s.target = *way.target
			made = append(made, p.experiment(fmt.Sprintf("%s-%d", way.name, callers), fmt.Sprintf("GET of 64 bytes over %s, %s", way.title, callersText(callers)), s))
		}
	}
	return made
}

// beside are callers whose processors others want as well.
func (p plan) beside() (made []experiment) {
	for _, callers := range []int{8, 64} {
		e := p.experiment(fmt.Sprintf("busy-%d", callers), fmt.Sprintf("GET of 64 bytes, %s, beside %d computing processes", callersText(callers), busy.Count), p.by(callers, 0, p.get()))
		e.stretch, e.load = busyStretch, busy.Processes
		made = append(made, e)
	}
	return made
}
