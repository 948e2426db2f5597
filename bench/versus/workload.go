// Package versus measures contenders that do the same work against one another: in one process, in turns, so that whatever the machine does meanwhile happens
// to all of them alike. Its ratios hold where its absolute figures do not.
package versus

import (
	"regexp"
	"time"
)

// A Kind says what a contender is there for.
type Kind int

const (
	Floor Kind = iota // a bare loop that does only what cannot be done without
	Ours
	Peer
)

// Run performs n operations.
type Run func(n int) error

// RunFor performs operations for about as long as d, and returns how many.
type RunFor func(d time.Duration) (n int, err error)

// A Contender is one way to do the work of a workload.
type Contender struct {
	Name string
	Kind Kind
	// Setup prepares the work, and fails if it would give wrong results: what is wrong must not look fast. close may be nil.
	Setup func() (run Run, close func(), err error)
	// SetupTimed takes the place of Setup where the rate jumps, so that no number of operations fills a sample reliably.
	SetupTimed func() (run RunFor, close func(), err error)
}

// A Gauge reads something beside time and memory off every sample.
type Gauge struct {
	Name   string
	Start  func() error                 // called before a sample; may be nil
	Stop   func(n int) (float64, error) // called after a sample of n operations; NaN: there is nothing to tell
	Format func(float64) string
}

// A Workload is work that several contenders can do.
type Workload struct {
	Name       string
	Title      string
	Unit       string // what an operation makes, in the plural: "replies"
	Bytes      int    // of one operation, on the wire; 0: none are counted
	Reference  string // name of the contender that the others' time is divided by
	AsRate     bool   // show the rate over that of the reference instead of the time
	Gauges     []Gauge
	Contenders []Contender
}

// Select returns the workloads whose name matches pattern, which need not cover all of it.
func Select(all []Workload, pattern string) (selected []Workload, err error) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	for _, w := range all {
		if re.MatchString(w.Name) {
			selected = append(selected, w)
		}
	}
	return selected, nil
}

// Settings say how long to measure. The zero value of a field stands for its default.
type Settings struct {
	Rounds int           // samples of each contender
	Sample time.Duration // how long a sample lasts, about
}

// Defaults of [Settings].
const (
	DefaultRounds = 9
	DefaultSample = 40 * time.Millisecond
)

func (s Settings) orDefault() Settings {
	if s.Rounds <= 0 {
		s.Rounds = DefaultRounds
	}
	if s.Sample <= 0 {
		s.Sample = DefaultSample
	}
	return s
}
