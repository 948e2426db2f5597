package versus

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

var brief = Settings{Rounds: 3, Sample: 100 * time.Microsecond}

var garbage []byte

// counting returns a contender that allocates once in each operation, and tells how often it was closed.
func counting(name string, kind Kind, closed *int) Contender {
	return Contender{Name: name, Kind: kind, Setup: func() (Run, func(), error) {
		run := func(n int) error {
			for range n {
				garbage = make([]byte, 16)
			}
			return nil
		}
		return run, func() { *closed++ }, nil
	}}
}

func failing(setup, run error) Contender {
	return Contender{Name: "broken", Setup: func() (Run, func(), error) {
		return func(int) error { return run }, nil, setup
	}}
}

func TestMeasure(t *testing.T) {
	closed := 0
	w := Workload{Name: "fake", Title: "nothing much", Unit: "things", Bytes: 10, Reference: "bare", Contenders: []Contender{
		counting("bare", Floor, &closed), counting("mine", Ours, &closed), counting("theirs", Peer, &closed),
	}}
	result, err := brief.Measure(w)
	if err != nil {
		t.Fatal(err)
	}
	if closed != 3 {
		t.Errorf("%d contenders were closed, want 3", closed)
	}
	for _, row := range result.Rows {
		if len(row.samples) != 3 || row.Nanoseconds() <= 0 || row.Fastest() <= 0 || row.Fastest() > row.Nanoseconds() || row.Allocs() < 1 || row.AllocBytes() < 16 {
			t.Errorf("%s: %v", row.Name, row.samples)
		}
	}
	var out strings.Builder
	if err := result.WriteMarkdown(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"#### nothing much (`fake`)", "things/s", "time / bare", "| _bare_ |", "| **mine** |", "| theirs |", "1.00 (1.00..1.00)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
}

func TestGauges(t *testing.T) {
	closed, starts := 0, 0
	readings := []float64{3, 1, 2, math.NaN(), math.NaN(), math.NaN()}
	g := Gauge{Name: "weight", Format: FormatCount, Start: func() error { starts++; return nil }, Stop: func(n int) (float64, error) {
		if n <= 0 {
			t.Errorf("a sample of %d operations", n)
		}
		next := readings[0]
		readings = readings[1:]
		return next, nil
	}}
	w := Workload{Name: "fake", Unit: "things", Reference: "theirs", AsRate: true, Gauges: []Gauge{g}, Contenders: []Contender{counting("theirs", Peer, &closed)}}
	result, err := brief.Measure(w)
	if err != nil || starts != 3 || result.Rows[0].Gauge("weight") != 2 || !math.IsNaN(result.Rows[0].Gauge("height")) {
		t.Fatalf("%v, %d starts, %v", err, starts, result.Rows)
	}
	silent, err := brief.Measure(w)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := silent.Best(Peer, func(r Row) float64 { return r.Gauge("weight") }); ok {
		t.Error("a row with nothing to tell is the best")
	}
	var out strings.Builder
	_, _ = result.WriteMarkdown(&out), silent.WriteMarkdown(&out)
	for _, want := range []string{"| rate / theirs |", "| B/op | weight |", " | 2 |\n", " | - |\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	broken := errors.New("no reading")
	for _, g := range []Gauge{{Start: func() error { return broken }}, {Stop: func(int) (float64, error) { return 0, broken }}} {
		w.Gauges = []Gauge{g}
		if _, err := brief.Measure(w); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	}
}

func TestTimed(t *testing.T) {
	var asked []time.Duration
	closed := false
	c := Contender{Name: "timed", SetupTimed: func() (RunFor, func(), error) {
		return func(d time.Duration) (int, error) {
			asked = append(asked, d)
			time.Sleep(d)
			return 10, nil
		}, func() { closed = true }, nil
	}}
	result, err := Settings{Rounds: 1, Sample: 10 * time.Millisecond}.Measure(Workload{Contenders: []Contender{c}})
	if err != nil || !closed || !slices.Equal(asked, []time.Duration{time.Millisecond, 10 * time.Millisecond}) {
		t.Fatalf("%v, closed: %v, asked for %v", err, closed, asked)
	}
	if ns := result.Rows[0].Nanoseconds(); ns < 1e6 {
		t.Errorf("10 operations in 10 ms are said to take %v ns each", ns)
	}
}

func TestMeasureFails(t *testing.T) {
	broken := errors.New("wrong result")
	for _, c := range []Contender{failing(broken, nil), failing(nil, broken)} {
		closed := 0
		_, err := brief.Measure(Workload{Name: "fake", Contenders: []Contender{counting("fine", Floor, &closed), c}})
		if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), "fake: broken: ") {
			t.Errorf("got %v", err)
		}
		if closed != 1 {
			t.Errorf("%d contenders were closed, want 1", closed)
		}
	}
}

func TestRatios(t *testing.T) {
	row := func(name string, kind Kind, times ...float64) Row {
		r := Row{Name: name, Kind: kind}
		for _, ns := range times {
			r.samples = append(r.samples, sample{ns: ns})
		}
		return r
	}
	r := Result{Rows: []Row{row("floor", Floor, 1, 2, 4), row("slow", Peer, 9, 9, 9), row("quick", Peer, 3, 8, 8), row("mine", Ours, 2, 2, 4)}}
	best, ok := r.BestPeer()
	if !ok || best.Name != "quick" {
		t.Errorf("the best peer is %q", best.Name)
	}
	// Within the rounds: 3/1, 8/2, 8/4.
	if got := Ratio(best, r.Rows[0]); got != (Spread{Median: 3, Min: 2, Max: 4}) {
		t.Errorf("got %v", got)
	}
	if q := row("", Ours, 5, 3, 1, 4, 2); q.Quantile(0) != 1 || q.Quantile(0.2) != 2 || q.Quantile(0.5) != 3 || q.Quantile(1) != 5 {
		t.Errorf("quantiles are %v, %v, %v, %v", q.Quantile(0), q.Quantile(0.2), q.Quantile(0.5), q.Quantile(1))
	}
	weigh := func(weights ...float64) (r Row) {
		for _, w := range weights {
			r.samples = append(r.samples, sample{gauges: map[string]float64{"weight": w}})
		}
		return r
	}
	if got := GaugeRatio(weigh(2, 6, 4), weigh(1, 2, 4), "weight"); got != (Spread{Median: 2, Min: 1, Max: 3}) {
		t.Errorf("got %v", got)
	}
	if got := SpreadOf([]float64{4, 1, 2, 3}).Median; got != 2.5 {
		t.Errorf("the median of 1, 2, 3 and 4 is %v", got)
	}
}

func TestOrder(t *testing.T) {
	for round, want := range [][]int{{0, 1, 2}, {0, 2, 1}, {2, 0, 1}, {2, 1, 0}} {
		if got := order(3, round); !slices.Equal(got, want) {
			t.Errorf("round %d: got %v, want %v", round, got, want)
		}
	}
}

func TestSelect(t *testing.T) {
	all := []Workload{{Name: "dec-int"}, {Name: "enc-set"}}
	if got, err := Select(all, "^dec"); err != nil || len(got) != 1 || got[0].Name != "dec-int" {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := Select(all, "("); err == nil {
		t.Error("a broken pattern is accepted")
	}
}

func TestFormat(t *testing.T) {
	for got, want := range map[string]string{
		FormatNanoseconds(7.84): "7.8 ns", FormatNanoseconds(3581): "3.58 µs", FormatNanoseconds(2.5e6): "2.50 ms",
		FormatRate(128.84e6): "128.84M", FormatRate(45_230): "45.2k", FormatRate(5966): "5966",
		FormatCount(0.0004): "0", FormatCount(3.02): "3.02", FormatCount(2): "2", FormatCount(105.01): "105",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
