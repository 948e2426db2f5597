package integration

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/integration/harness"
)

var writersFor = flag.Duration("writers", 20*time.Second, "how long eight processes write, on each server")

const (
	writerEnv     = "BWREDIS_TEST_WRITER" // in a child process: which writer it is
	writers       = 8
	writersLimit  = 1200
	writerCounter = "bwredis:test:writers"
)

var writersVictim = netip.MustParseAddr("203.0.113.7")

var writersRule = bwstate.BadBehavior{Service: "www.example.com", Threshold: 1 << 30, CountTime: 24 * time.Hour}

// A writerResult is what one process has done, as it was told by the server.
type writerResult struct {
	Pushed    int // reports; the last of them has this number
	Again     int // reports that were pushed once more
	Bad       int64
	Counted   int64
	Recounted int
	Read      int
	Broken    int // how often facets were made wrong
	Problem   string
}

// Eight processes push reports, which are trimmed, count bad behaviour and count, all on the same keys, while some read, some break the facets and some recount them. In the end
// every count is exact: of what was counted, of the list, and of each value in it.
func TestWriters(t *testing.T) {
	harness.Each(t, func(t *testing.T, v harness.Version) {
		server := harness.Start(t, harness.Config{Version: v})
		var children [writers]*exec.Cmd
		var out [writers]bytes.Buffer
		for i := range children {
			children[i] = exec.Command(os.Args[0], "-test.run=^$", "-writers", writersFor.String())
			children[i].Env = append(os.Environ(), writerEnv+"="+strconv.Itoa(i))
			for name, value := range server.Settings() {
				children[i].Env = append(children[i].Env, name+"="+value)
			}
			children[i].Stdout, children[i].Stderr = &out[i], os.Stderr
			require.NoError(t, children[i].Start())
			t.Cleanup(func() { _ = children[i].Process.Kill() })
		}
		var results [writers]writerResult
		for i := range children {
			require.NoError(t, children[i].Wait(), out[i].String())
			require.NoError(t, json.NewDecoder(bufio.NewReader(&out[i])).Decode(&results[i]))
			require.Empty(t, results[i].Problem, "process %d", i)
		}
		requireWritten(t, open(t, server.Settings()), results[:])
	})
}

// requireWritten checks what is on the server against what the processes were told.
func requireWritten(t *testing.T, state *bwstate.State, results []writerResult) {
	var sum writerResult
	for _, r := range results {
		sum.Pushed += r.Pushed
		sum.Again += r.Again
		sum.Bad += r.Bad
		sum.Counted += r.Counted
		sum.Recounted += r.Recounted
		sum.Read += r.Read
		sum.Broken += r.Broken
	}
	t.Logf("%+v", sum)
	require.Greater(t, sum.Pushed, writersLimit, "nothing was trimmed")
	require.Positive(t, sum.Again)
	require.Positive(t, sum.Recounted)
	require.Positive(t, sum.Broken)

	v, err := state.Do(short(t), "GET", writerCounter)
	require.NoError(t, err)
	n, err := v.Text()
	require.NoError(t, err)
	require.Equal(t, strconv.FormatInt(sum.Counted, 10), n)
	bad, err := state.IncreaseBadBehavior(short(t), writersVictim, writersRule)
	require.NoError(t, err)
	require.Equal(t, sum.Bad+1, bad.Count)

	reports, err := state.Reports(bwstate.ReportsConfig{Limit: strconv.Itoa(writersLimit)})
	require.NoError(t, err)
	length, err := reports.Len(short(t))
	require.NoError(t, err)
	require.EqualValues(t, writersLimit, length)
	requireLastOfEach(t, reports, results)
	requireFacetsOfList(t, state, reports)
}

// requireLastOfEach checks that of each process the last reports are there, all of them, once, and in their order.
func requireLastOfEach(t *testing.T, reports *bwstate.Reports, results []writerResult) {
	next := make([]int, len(results))
	for i, r := range results {
		next[i] = r.Pushed
	}
	for s, err := range reports.All(short(t), bwstate.ReportQuery{Duplicates: true}) {
		require.NoError(t, err)
		require.NoError(t, s.Problem)
		var process, number int
		_, err := fmt.Sscanf(s.UserAgent, "writer %d %d", &process, &number)
		require.NoError(t, err)
		require.Equal(t, next[process], number, "process %d", process)
		next[process]--
	}
}

// requireFacetsOfList checks facets against the list, and that nothing is left of recounts.
func requireFacetsOfList(t *testing.T, state *bwstate.State, reports *bwstate.Reports) {
	want := map[bwstate.ReportField]map[string]int64{}
	for _, field := range bwstate.ReportFields() {
		want[field] = map[string]int64{}
	}
	for s, err := range reports.All(short(t), bwstate.ReportQuery{Duplicates: true}) {
		require.NoError(t, err)
		for _, field := range bwstate.ReportFields() {
			want[field][s.Facet(field)]++
		}
	}
	for _, field := range bwstate.ReportFields() {
		got := map[string]int64{}
		v, err := state.Do(short(t), "HGETALL", "requests:facet:"+string(field))
		require.NoError(t, err)
		for name, count := range v.Pairs() {
			name, _ := name.Text()
			got[name], err = count.Int()
			require.NoError(t, err, "%s %s", field, name)
		}
		require.Equal(t, want[field], got, string(field))
	}
	v, err := state.Do(short(t), "GET", "requests:facets:initialized")
	require.NoError(t, err)
	marker, _ := v.Text()
	require.Equal(t, "1", marker)
	for _, field := range bwstate.ReportFields() {
		v, err := state.Do(short(t), "EXISTS", "bwredis:reports:facet:"+string(field), "bwredis:reports:recount")
		require.NoError(t, err)
		left, _ := v.Int()
		require.Zero(t, left, "something is left of a recount")
	}
}

// writer is what a child process does. It returns the exit code.
func writer(number string) int {
	flag.Parse()
	i, _ := strconv.Atoi(number)
	w := aWriter{process: i, random: rand.New(rand.NewPCG(uint64(i), 1))}
	if err := w.write(); err != nil {
		w.Problem = err.Error()
	}
	_ = json.NewEncoder(os.Stdout).Encode(w.writerResult)
	return 0
}

type aWriter struct {
	writerResult
	process int
	random  *rand.Rand
	state   *bwstate.State
	reports *bwstate.Reports
}

func (w *aWriter) write() error {
	ctx, cancel := context.WithTimeout(context.Background(), *writersFor+time.Minute)
	defer cancel()
	settings, err := bwstate.ParseSettings(os.Getenv)
	if err != nil {
		return err
	}
	if w.state, err = bwstate.Open(ctx, settings); err != nil {
		return err
	}
	defer w.state.Close()
	if w.reports, err = w.state.Reports(bwstate.ReportsConfig{Limit: strconv.Itoa(writersLimit)}); err != nil {
		return err
	}
	end := time.Now().Add(*writersFor)
	for round := 0; time.Now().Before(end); round++ {
		for _, step := range []func(context.Context) error{w.push, w.countBad, w.count} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		if round%20 != w.process {
			continue
		}
		switch w.process {
		case 0, 4:
			err = w.recount(ctx)
		case 1, 5:
			err = w.breakFacets(ctx)
		case 2, 6:
			err = w.read(ctx)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// push pushes a few reports, and sometimes once more, as one does who was not told the outcome.
func (w *aWriter) push(ctx context.Context) error {
	batch := make([]bwstate.Report, 1+w.random.IntN(20))
	for i := range batch {
		batch[i] = w.report(w.Pushed + i + 1)
	}
	for try := 0; try == 0 || try == 1 && w.random.IntN(8) == 0; try++ {
		done, err := w.reports.Push(ctx, batch...)
		switch {
		case err != nil:
			return err
		case done.Pushed != len(batch) || done.Len > writersLimit:
			return fmt.Errorf("pushed %d of %d, and the list has %d", done.Pushed, len(batch), done.Len)
		case try == 0:
			w.Pushed += done.Pushed
		default:
			w.Again += done.Again
		}
	}
	return nil
}

func (w *aWriter) report(number int) bwstate.Report {
	r := bwstate.Report{
		ID: bwstate.NewReportID(), Date: time.Now(), UserAgent: fmt.Sprintf("writer %d %d", w.process, number), Status: 400 + w.random.IntN(40),
		IP: fmt.Sprintf("192.0.2.%d", w.random.IntN(200)), URL: "/" + strconv.Itoa(w.random.IntN(1000)), Method: "GET", SecurityMode: "block", Reason: "blacklist",
	}
	if w.random.IntN(2) == 0 {
		r.Country, r.ServerName = "FR", "www"+strconv.Itoa(w.process)+".example.com"
	}
	return r
}

func (w *aWriter) countBad(ctx context.Context) error {
	for range 1 + w.random.IntN(3) {
		if _, err := w.state.IncreaseBadBehavior(ctx, writersVictim, writersRule); err != nil {
			return err
		}
		w.Bad++
	}
	_, err := w.state.DecreaseBadBehavior(ctx, writersVictim, writersRule)
	w.Bad--
	return err
}

func (w *aWriter) count(ctx context.Context) error {
	by := w.random.Int64N(100)
	_, err := w.state.Do(ctx, "INCRBY", writerCounter, strconv.FormatInt(by, 10))
	w.Counted += by
	return err
}

func (w *aWriter) recount(ctx context.Context) error {
	w.Recounted++
	return w.reports.Recount(ctx)
}

// breakFacets makes facets wrong, in each of several ways, and has them mended.
func (w *aWriter) breakFacets(ctx context.Context) error {
	w.Broken++
	for _, args := range [][]string{
		{"HSET", "requests:facet:country", "FR", "many"},
		{"HINCRBY", "requests:facet:status", "403", "1000"},
		{"DEL", "requests:facet:url"},
		{"DEL", "requests:facets:initialized"},
	} {
		if _, err := w.state.Do(ctx, args...); err != nil {
			return err
		}
	}
	return w.reports.Recount(ctx)
}

// read goes through the list while it changes.
func (w *aWriter) read(ctx context.Context) error {
	w.Read++
	seen := map[string]bool{}
	for s, err := range w.reports.All(ctx, bwstate.ReportQuery{Oldest: w.Read%2 == 0, PageSize: 200}) {
		switch {
		case err != nil:
			return err
		case s.Problem != nil:
			return s.Problem
		case seen[s.ID]:
			return fmt.Errorf("a report was seen twice")
		}
		seen[s.ID] = true
	}
	if len(seen) > writersLimit {
		return fmt.Errorf("%d reports were seen, and there never are as many", len(seen))
	}
	_, err := w.reports.Facets(ctx, 10)
	return err
}
