package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bench/server"
	"github.com/bwredis/bwredis/bwstate"
)

const ms = time.Millisecond

// grid makes cells in which a pool has so many requests a second for each caller, and such a p99.
func grid(rates map[int]float64, p99s map[int]time.Duration) (cells []cell) {
	for kept, rate := range rates {
		for _, callers := range crowds {
			for _, a := range added {
				cells = append(cells, cell{kept: kept, callers: callers, added: a, rate: rate * float64(callers), p99: p99s[kept] + a, longest: 2*p99s[kept] + a})
			}
		}
	}
	return cells
}

func TestRecommendKeep(t *testing.T) {
	same := map[int]time.Duration{1: ms, 2: ms, 3: ms, 10: ms}
	for _, c := range []struct {
		name  string
		rates map[int]float64
		p99s  map[int]time.Duration
		want  int
		says  string
	}{
		{"all alike", map[int]float64{1: 100, 2: 100, 3: 100, 10: 100}, same, 1, "1 is the fewest"},
		{"a little less is enough", map[int]float64{1: 96, 2: 100, 3: 100, 10: 100}, same, 1, "96 %"},
		{"too little is not", map[int]float64{1: 90, 2: 96, 3: 100, 10: 99}, same, 2, "(3 has the most, 100 %)"},
		{"more than enough is worse", map[int]float64{1: 50, 2: 60, 3: 100, 10: 70}, same, 3, "3 is the fewest"},
		{"the tail decides", map[int]float64{1: 100, 2: 100, 3: 100, 10: 100}, map[int]time.Duration{1: 900 * ms, 2: 500 * ms, 3: 110 * ms, 10: 100 * ms}, 3, "(10 has the least, 1.00 times)"},
		{"not both", map[int]float64{1: 50, 3: 100}, map[int]time.Duration{1: ms, 3: 900 * ms}, 3, "throughput was looked at first"},
	} {
		got, why := recommendKeep(grid(c.rates, c.p99s))
		if got != c.want || !strings.Contains(why, c.says) {
			t.Errorf("%s: %d, want %d: %s", c.name, got, c.want, why)
		}
		if strings.Contains(why, "far apart") {
			t.Errorf("%s: steady figures are called far apart: %s", c.name, why)
		}
	}
	noisy := grid(map[int]float64{1: 100, 2: 100}, same)
	for i := range noisy {
		if i%2 == noisy[i].kept%2 {
			noisy[i].rate /= 3
		}
	}
	if _, why := recommendKeep(noisy); !strings.Contains(why, "far apart") {
		t.Errorf("nothing is said of noise: %s", why)
	}
	if kept, why := recommendKeep(nil); kept != 0 || why == "" {
		t.Errorf("of nothing: %d, %s", kept, why)
	}
}

func TestRecommendIdle(t *testing.T) {
	idles := []idle{{way: "plain", added: 5 * ms, probed: 7 * ms, redialled: 19 * ms}, {way: "TLS", probed: ms, redialled: 4321 * ms}}
	for _, c := range []struct {
		timeout time.Duration
		known   bool
		want    time.Duration
		says    string
	}{
		{0, false, 300 * time.Second, "did not say"},
		{0, true, 300 * time.Second, "never closes"},
		{time.Hour, true, 300 * time.Second, "later than the usual"},
		{300 * time.Second, true, 270 * time.Second, "a tenth below"},
		{334 * time.Second, true, 300 * time.Second, "later than the usual"},
		{333 * time.Second, true, 299 * time.Second, "a tenth below"},
		{time.Second, true, 900 * ms, "a tenth below"},
	} {
		got, why := recommendIdle(idles, c.timeout, c.known)
		if got != c.want || !strings.Contains(why, c.says) || !strings.Contains(why, "7ms after a shorter pause") || strings.Contains(why, "4.32s") {
			t.Errorf("%v, %v: %v, want %v: %s", c.timeout, c.known, got, c.want, why)
		}
		if c.known && c.timeout > 0 && got >= c.timeout {
			t.Errorf("%v is not below the server's %v", got, c.timeout)
		}
	}
}

func TestRecommendTimeout(t *testing.T) {
	for _, c := range []struct {
		longest, dial, want time.Duration
	}{
		{ms, ms, 1500 * ms}, // a lost packet, and no less
		{ms, 250 * ms, 1500 * ms},
		{ms, 251 * ms, 2 * time.Second},
		{400 * ms, ms, 2 * time.Second},
		{time.Second, ms, 4 * time.Second},
	} {
		cells := []cell{{callers: 1, longest: 0}, {callers: 64, kept: 3, longest: c.longest}}
		got, why := recommendTimeout(cells, []idle{{}, {slowestDial: c.dial}})
		if got != c.want || !strings.Contains(why, "64 callers on 3 connections") {
			t.Errorf("%v, %v: %v, want %v: %s", c.longest, c.dial, got, c.want, why)
		}
	}
}

func TestInUnit(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		unit bwstate.Unit
		want string
	}{
		{300 * time.Second, bwstate.Seconds, "300"},
		{1500 * ms, bwstate.Seconds, "1500ms"},
		{1500 * ms, bwstate.Milliseconds, "1500"},
	} {
		if got := inUnit(c.d, c.unit); got != c.want {
			t.Errorf("%v in %v: %s, want %s", c.d, c.unit, got, c.want)
		}
	}
}

// What is recommended can be set.
func TestRecommendationsAreSettings(t *testing.T) {
	f := figures{
		now:   current{3, 300 * time.Second, 5 * time.Second, bwstate.Seconds},
		cells: grid(map[int]float64{1: 50, 3: 100}, map[int]time.Duration{1: ms, 3: ms}), idles: []idle{{slowestDial: ms}}, serverTimeout: time.Second, timeoutKnown: true,
	}
	set := map[string]string{"USE_REDIS": "yes", "REDIS_HOST": "x"}
	for _, r := range recommend(f) {
		set[r.setting] = r.value
	}
	s, err := bwstate.ParseSettings(func(name string) string { return set[name] })
	if err != nil || s.KeepalivePool != 3 || s.KeepaliveIdle != 900*ms || s.Timeout != 1500*ms {
		t.Errorf("%v: %v", s, err)
	}
}

func TestReport(t *testing.T) {
	f := figures{cells: grid(map[int]float64{1: 100, 3: 100}, map[int]time.Duration{1: ms, 3: ms}), idles: []idle{{added: ms, warm: ms, probed: 2 * ms, redialled: 3 * ms, slowestDial: 4 * ms}}}
	var out strings.Builder
	if err := writeReport(&out, &place{name: "a place"}, f); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Measured against a place,", "| `REDIS_KEEPALIVE_POOL` | `0` | `1` |", "## 5ms added", "| kept | 1 caller | 8 callers | 64 callers | 512 callers |",
		"| as the settings say | 1ms | 1ms | 2ms | 3ms | 4ms |", "| 3 | 100, 6ms | 800, 6ms | 6400, 6ms | 51.2k, 6ms |",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestPlots(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "plots")
	cells := grid(map[int]float64{1: 100, 3: 100}, map[int]time.Duration{1: ms, 3: ms})
	cells[0].rate, cells[0].p99 = 0, 0 // scales are logarithmic
	if err := writePlots(dir, cells); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"throughput-0s.svg", "p99-20ms.svg", "pool-5ms.svg"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), "<svg") || !strings.Contains(string(text), "added") {
			t.Errorf("%s: %v", name, err)
		}
	}
	lines := plotted{line: kept, lineName: keptText, at: callers, value: rate}.lines(cells)
	if len(lines) != 2 || !strings.HasSuffix(lines[1].Name, " kept") || len(lines[1].Points) == 0 {
		t.Errorf("lines of two pools are %+v", lines)
	}
}

// small runs everything, as briefly as it goes.
func small(t *testing.T, getenv func(string) string, path string) string {
	t.Helper()
	t.Setenv("PATH", path)
	var out strings.Builder
	dir := t.TempDir()
	if err := run(t.Context(), options{total: idleTime + 160*ms, svg: dir}, getenv, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if plots, _ := filepath.Glob(filepath.Join(dir, "*.svg")); len(plots) != 3*len(added) {
		t.Errorf("%d plots", len(plots))
	}
	return out.String()
}

func nothing(string) string { return "" }

// Where there is no server, the report says in capitals what was measured.
func TestResponder(t *testing.T) {
	if got := small(t, nothing, t.TempDir()); !strings.Contains(got, "WHICH EXECUTES NOTHING") || !strings.Contains(got, "did not say") {
		t.Error(got)
	}
}

func TestStartedServerAndThatOfTheSettings(t *testing.T) {
	if _, err := server.Find(""); err != nil {
		t.Skip(err)
	}
	if got := small(t, nothing, os.Getenv("PATH")); !strings.Contains(got, "| TLS and password | 20ms |") || !strings.Contains(got, "never closes") {
		t.Error(got)
	}
	started, err := server.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer started.Stop()
	c, err := started.TCP.Ours(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Do(t.Context(), "CONFIG", "SET", "timeout", "100"); err != nil {
		t.Fatal(err)
	}
	host, port, _ := strings.Cut(started.TCP.Addr, ":")
	got := small(t, func(name string) string {
		return map[string]string{"USE_REDIS": "yes", "REDIS_HOST": host, "REDIS_PORT": port, "REDIS_USERNAME": server.User, "REDIS_PASSWORD": server.Password}[name]
	}, os.Getenv("PATH"))
	if !strings.Contains(got, "the server of the settings") || !strings.Contains(got, "| `REDIS_KEEPALIVE_IDLE` | `300` | `90` |") || strings.Contains(got, server.Password) {
		t.Error(got)
	}
	if v, err := c.Do(context.Background(), "EXISTS", key); err != nil {
		t.Error(err)
	} else if n, _ := v.Int(); n != 0 {
		t.Error("the key is left")
	}
}

func TestBadSettings(t *testing.T) {
	err := run(t.Context(), options{}, func(name string) string { return map[string]string{"USE_REDIS": "maybe"}[name] }, io.Discard, io.Discard)
	if err == nil {
		t.Error("USE_REDIS=maybe is accepted")
	}
}
