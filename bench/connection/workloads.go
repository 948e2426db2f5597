package main

import (
	"fmt"
	"net"
	"slices"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/crowd"
	"github.com/bwredis/bwredis/bench/dial"
	"github.com/bwredis/bwredis/bench/memconn"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/versus"
	"github.com/bwredis/bwredis/resp"
)

// An experiment is a workload with what goes on around it.
type experiment struct {
	versus.Workload
	stretch int                    // its samples last this many times as long; 0: once
	load    func() (func(), error) // started before, stopped after; nil: none
}

// experiments returns all that the site allows for.
func (s *site) experiments(m *meter) []experiment {
	p := plan{site: s, gauges: []versus.Gauge{m.gauge()}}
	return slices.Concat(p.throughput(), p.secured(), p.overSocket(), p.large(), plainly(inMemory()), p.churn(), p.latency())
}

// A plan makes the workloads of a site.
type plan struct {
	site   *site
	gauges []versus.Gauge
}

func plainly(all ...versus.Workload) (made []experiment) {
	for _, w := range all {
		made = append(made, experiment{Workload: w})
	}
	return made
}

// contestants are those who serve so many callers.
func contestants(callers int) []clients.Client {
	if callers > 1 {
		return slices.Concat([]clients.Client{clients.OursOn(1), clients.OursOn(2), clients.OursOn(3)}, clients.Peers())
	}
	return append([]clients.Client{clients.OursOn(1)}, slices.DeleteFunc(clients.Peers(), func(c clients.Client) bool { return c.Lone })...)
}

// libraries are one connection of ours, and each other library as it comes.
func libraries() []clients.Client {
	return append([]clients.Client{clients.OursOn(1)}, slices.DeleteFunc(clients.Peers(), func(c clients.Client) bool { return !c.IsPlain() })...)
}

func (p plan) workload(name, title string, u setup) versus.Workload {
	if u.clients == nil {
		u.clients = contestants(u.shape.Callers)
	}
	w := versus.Workload{Name: name, Title: title, Unit: "commands", Gauges: p.gauges}
	if u.shape.Callers == 1 {
		w.Reference = raw
		w.Contenders = append(w.Contenders, rawContender(u.target, u.job))
	} else {
		w.Reference, w.AsRate = rawpipe.Name(u.shape.Callers), true
		w.Contenders = append(w.Contenders, rawpipe.Contender(u.target, u.job.question(), u.shape.Callers, u.rec != nil))
	}
	if u.job.Name == "GET" && u.shape.Callers >= 8 && !u.cancellable {
		w.Contenders = append(w.Contenders, u.contender(parkedFloor(u.job)))
	}
	for _, c := range u.clients {
		w.Contenders = append(w.Contenders, u.contender(c))
	}
	return w
}

// capped is how many connections the capped workloads allow for.
const capped = 3

func (p plan) throughput() (made []experiment) {
	t := p.site.tcp
	add := func(name, title string, u setup) {
		made = append(made, experiment{Workload: p.workload(name, title, u)})
	}
	add("get-1", "GET, 1 caller", setup{target: t, job: shortGet(), shape: clients.Shape{Callers: 1}, clients: append(contestants(1), oursByDo())})
	add("get-1-ctx", "GET, 1 caller, cancellable context", setup{target: t, job: shortGet(), shape: clients.Shape{Callers: 1}, cancellable: true})
	add("set-1", "SET, 1 caller", setup{target: t, job: shortSet(), shape: clients.Shape{Callers: 1}})
	for _, callers := range []int{2, 8, 64, 512} {
		add(fmt.Sprintf("get-%d", callers), fmt.Sprintf("GET, %d callers", callers), setup{target: t, job: shortGet(), shape: clients.Shape{Callers: callers}})
		add(fmt.Sprintf("get-%d-cap3", callers), fmt.Sprintf("GET, %d callers, at most %d connections", callers, capped),
			setup{target: t, job: shortGet(), shape: clients.Shape{Callers: callers, Limit: capped}})
	}
	add("get-64-ctx", "GET, 64 callers, cancellable context", setup{target: t, job: shortGet(), shape: clients.Shape{Callers: 64}, cancellable: true})
	add("evalsha-64", "EVALSHA (INCR + EXPIRE), 64 callers",
		setup{target: t, job: p.site.count(), shape: clients.Shape{Callers: 64}})
	return made
}

func (p plan) secured() []experiment {
	if p.site.tls == nil {
		return nil
	}
	return plainly(
		p.workload("tls-1", "GET over TLS 1.3, 1 caller", setup{target: *p.site.tls, job: shortGet(), shape: clients.Shape{Callers: 1}}),
		p.workload("tls-64", "GET over TLS 1.3, 64 callers", setup{target: *p.site.tls, job: shortGet(), shape: clients.Shape{Callers: 64}}),
	)
}

func (p plan) overSocket() []experiment {
	if p.site.unix == nil {
		return nil
	}
	return plainly(
		p.workload("unix-1", "GET over a unix socket, 1 caller", setup{target: *p.site.unix, job: shortGet(), shape: clients.Shape{Callers: 1}}),
		p.workload("unix-64", "GET over a unix socket, 64 callers", setup{target: *p.site.unix, job: shortGet(), shape: clients.Shape{Callers: 64}}),
	)
}

func (p plan) large() (made []experiment) {
	for _, size := range largeSizes {
		kib := size >> 10
		into, owned := getJob(largeKey(size), clients.Into, valueOf(size)), getJob(largeKey(size), clients.Owned, valueOf(size))
		one := setup{target: p.site.tcp, shape: clients.Shape{Callers: 1}}
		one.job, one.clients = into, slices.DeleteFunc(libraries(), func(c clients.Client) bool { return c.NoInto })
		w := p.workload(fmt.Sprintf("big-%d-into", kib), fmt.Sprintf("GET of %d KiB into the caller's buffer, 1 caller", kib), one)
		one.job, one.clients = owned, libraries()
		o := p.workload(fmt.Sprintf("big-%d-owned", kib), fmt.Sprintf("GET of %d KiB as memory of its own, 1 caller", kib), one)
		for _, w := range []versus.Workload{w, o} {
			w.Bytes = size
			w.Contenders = append([]versus.Contender{rawPiecesContender(p.site.tcp, into)}, w.Contenders...)
			made = append(made, experiment{Workload: w})
		}
	}
	return made
}

// inMemory is what clients cost when the network costs next to nothing.
func inMemory() versus.Workload {
	reply := resp.AppendBulk(nil, valueOf(64))
	t := dial.Target{Network: "tcp", Addr: "memory:6379", Memory: func() net.Conn { return memconn.New(reply) }}
	return plan{}.workload("memory-1", "client work alone: GET over a connection within memory, 1 caller",
		setup{target: t, job: shortGet(), shape: clients.Shape{Callers: 1}})
}

func (p plan) churn() []experiment {
	if !p.site.login {
		return nil
	}
	itself := func(t dial.Target) dial.Target { return t }
	made := plainly(churnWorkload("churn-plain", "new connection with password to the first reply, TCP", withLogin(p.site.tcp), itself))
	if p.site.tls == nil {
		return made
	}
	return append(made, plainly(
		churnWorkload("churn-tls", "new connection with password to the first reply, TLS 1.3, full handshake", withLogin(*p.site.tls), itself),
		churnWorkload("churn-tls-resumed", "new connection with password to the first reply, TLS 1.3, session resumed", withLogin(*p.site.tls), dial.Target.Resuming),
	)...)
}

// latencyStretch makes samples long enough for several time slices of a busy machine.
const latencyStretch = 3

func (p plan) latency() (made []experiment) {
	for _, when := range []struct {
		name, title string
		load        func() (func(), error)
	}{
		{"idle", "idle machine", nil},
		{"processes", fmt.Sprintf("beside %d computing processes", busy.Count), busy.Processes},
		{"goroutines", "a computing goroutine of the same program for every processor", busy.Goroutines},
	} {
		for _, callers := range []int{8, 64} {
			rec := crowd.NewRecorder(callers)
			quiet := plan{site: p.site, gauges: rec.Gauges()}
			w := quiet.workload(fmt.Sprintf("latency-%d-%s", callers, when.name), fmt.Sprintf("GET, %d callers, %s", callers, when.title),
				setup{target: p.site.tcp, job: shortGet(), shape: clients.Shape{Callers: callers}, rec: rec})
			made = append(made, experiment{Workload: w, stretch: latencyStretch, load: when.load})
		}
	}
	return made
}
