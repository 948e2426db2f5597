package main

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/busy"
	"github.com/bwredis/bwredis/bench/clients"
	"github.com/bwredis/bwredis/bench/rawpipe"
	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bench/versus"
)

func TestMain(m *testing.M) {
	busy.Main()
	os.Exit(m.Run())
}

func experimentsOf(t *testing.T, s *site) []experiment {
	t.Helper()
	m, err := newMeter(t.Context(), s.tcp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.close)
	return s.experiments(m)
}

// Every contender gives the right results, or its setup fails. Workloads that differ only in what goes on around them stand for one another.
func TestContenders(t *testing.T) {
	alike := regexp.MustCompile("^(get-64|get-64-.*|get-512|get-512-cap3|unix-64|big-1024-.*|latency-(8|64)-(processes|goroutines))$")
	for _, e := range experimentsOf(t, fakeSite(t)) {
		if alike.MatchString(e.Name) {
			continue
		}
		t.Run(e.Name, func(t *testing.T) {
			t.Parallel()
			for _, c := range e.Contenders {
				handful(t, c)
			}
		})
	}
}

func handful(t *testing.T, c versus.Contender) {
	t.Helper()
	if c.SetupTimed != nil {
		run, closeIt, err := c.SetupTimed()
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			return
		}
		defer closeIt()
		if n, err := run(time.Millisecond); n == 0 || err != nil {
			t.Errorf("%s: %d operations, %v", c.Name, n, err)
		}
		return
	}
	run, closeIt, err := c.Setup()
	if err != nil {
		t.Errorf("%s: %v", c.Name, err)
		return
	}
	if closeIt != nil {
		defer closeIt()
	}
	if err := run(5); err != nil {
		t.Errorf("%s: %v", c.Name, err)
	}
}

// A wrong result must not be measured.
func TestWrongResult(t *testing.T) {
	s := fakeSite(t)
	wrong := getJob(shortKey, clients.Text, valueOf(65))
	for _, c := range append(contestants(2), oursByDo()) {
		u := setup{target: s.tcp, job: wrong, shape: clients.Shape{Callers: 2}}
		if _, _, err := u.contender(c).Setup(); err == nil || !strings.Contains(err.Error(), "mark") {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	wrong.text = []byte(strings.Repeat("y", 64)) // a floor waits for as many bytes as it was told of
	for _, c := range []versus.Contender{rawContender(s.tcp, wrong), rawpipe.Contender(s.tcp, wrong.question(), 2, false)} {
		if _, _, err := c.Setup(); err == nil || !strings.Contains(err.Error(), "wrong reply") {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	into := setup{target: s.tcp, job: getJob(shortKey, clients.Into, valueOf(64)), shape: clients.Shape{Callers: 1}}
	for _, c := range clients.Peers() {
		if !c.NoInto {
			continue
		}
		if _, _, err := into.contender(c).Setup(); !errors.Is(err, errUnable) {
			t.Errorf("%s: got %v", c.Name, err)
		}
	}
}

// A goal speaks of contenders that there are.
func TestGoals(t *testing.T) {
	named := map[string][]versus.Contender{}
	for _, e := range experimentsOf(t, fakeSite(t)) {
		if named[e.Name] != nil {
			t.Errorf("two workloads are %s", e.Name)
		}
		named[e.Name] = e.Contenders
		if !slices.ContainsFunc(e.Contenders, func(c versus.Contender) bool { return c.Name == e.Reference }) {
			t.Errorf("%s: no contender is %q", e.Name, e.Reference)
		}
	}
	for _, g := range goals() {
		if g.Workload != idleName && named[g.Workload] == nil {
			t.Errorf("there is no workload %s", g.Workload)
		}
		if got := g.value(figures{}, g.Workload); g.Standing(got.Value) != "-" {
			t.Errorf("%s, %s: says %q of nothing", g.Workload, g.Figure, g.Standing(got.Value))
		}
	}
}

func brief(only string) options {
	return options{Settings: versus.Settings{Rounds: 1, Sample: 100 * time.Microsecond}, only: only, doc: true, idle: 3}
}

func TestCompare(t *testing.T) {
	s := fakeSite(t)
	var out strings.Builder
	if err := compare(t.Context(), &out, brief("^(get-2|idle|latency-8-idle)$"), s); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"# Connections compared", "(`get-2`)", "| **ours/2conn** |", "rate / raw pipe 2x1", "| p99.9 | slowest caller's share |", "(`idle`)",
		"| `get-2` | rate / best peer | ≥ 1 |", "| `idle` | KiB for each connection | ≤ 32 |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	for _, pattern := range []string{"^no such$", "("} {
		if err := compare(t.Context(), io.Discard, brief(pattern), s); err == nil {
			t.Errorf("%q is accepted", pattern)
		}
	}
}

// The server that the program starts has all workloads, and nothing of it is left.
func TestRealServer(t *testing.T) {
	if _, err := server.Find(""); err != nil {
		t.Skip(err)
	}
	s, err := openSite(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	if err := compare(t.Context(), io.Discard, brief("^(unix-1|tls-1|evalsha-64|churn-tls-resumed)$"), s); err != nil {
		t.Error(err)
	}
	already, err := openSite(t.Context(), s.tcp.Addr)
	if err != nil || already.login || already.unix != nil || already.version != s.version {
		t.Errorf("%+v, %v", already, err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	if nc, err := net.Dial("tcp", s.tcp.Addr); err == nil {
		_ = nc.Close()
		t.Error("the server still runs")
	}
	if fileExists(s.unix.Addr) {
		t.Error("its files are left")
	}
}

func TestNoServer(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := openSite(t.Context(), ""); !errors.Is(err, server.ErrNoServer) || !strings.Contains(err.Error(), "-server") {
		t.Errorf("got %v", err)
	}
	if _, err := openSite(t.Context(), "no-such-server"); err == nil || !strings.Contains(err.Error(), "no-such-server") {
		t.Errorf("got %v", err)
	}
}

// A program that is no server is not waited for.
func TestNotAServer(t *testing.T) {
	program, err := exec.LookPath("false")
	if err != nil {
		t.Skip(err)
	}
	if _, err := openSite(context.Background(), program); err == nil || !strings.Contains(err.Error(), "false: it ended") {
		t.Errorf("got %v", err)
	}
}
