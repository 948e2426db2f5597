package versus

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"
)

// A sample is what one contender did in one round, for each operation.
type sample struct {
	ns, allocs, bytes float64
	gauges            map[string]float64
}

// An entrant is a contender that was set up.
type entrant struct {
	name  string
	run   Run
	timed RunFor // takes the place of run when it is not nil
	close func()
	n     int           // operations that fill a sample
	lasts time.Duration // a sample
}

// Measure runs all contenders of w, each once in every round.
func (s Settings) Measure(w Workload) (Result, error) {
	s = s.orDefault()
	var entrants []*entrant
	defer func() {
		for _, e := range entrants {
			e.close()
		}
	}()
	for _, c := range w.Contenders {
		e, err := s.enter(c)
		if err != nil {
			return Result{}, fmt.Errorf("%s: %s: %w", w.Name, c.Name, err)
		}
		entrants = append(entrants, e)
	}
	result := newResult(w)
	for round := range s.Rounds {
		for _, turn := range order(len(entrants), round) {
			taken, err := entrants[turn].sample(w.Gauges)
			if err != nil {
				return Result{}, fmt.Errorf("%s: %s: %w", w.Name, entrants[turn].name, err)
			}
			result.Rows[turn].samples = append(result.Rows[turn].samples, taken)
		}
	}
	return result, nil
}

// order says who comes when in a round. It rotates, and every second round goes backwards: who follows whom, and what the one leaves to the other in caches and
// in the heap, would else be the same in all rounds.
func order(n, round int) []int {
	turns := make([]int, n)
	for i := range turns {
		turns[i] = (i + round) % n
	}
	if round%2 == 1 {
		slices.Reverse(turns)
	}
	return turns
}

// enter sets c up and finds out how many operations fill a sample.
func (s Settings) enter(c Contender) (*entrant, error) {
	e, err := s.set(c)
	if err != nil || e.timed != nil {
		return e, err
	}
	if e.n, err = calibrate(e.run, s.Sample); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// set sets c up.
func (s Settings) set(c Contender) (*entrant, error) {
	e := &entrant{name: c.Name, lasts: s.Sample}
	var err error
	if c.SetupTimed != nil {
		e.timed, e.close, err = c.SetupTimed()
	} else {
		e.run, e.close, err = c.Setup()
	}
	if err != nil {
		return nil, err
	}
	if e.close == nil {
		e.close = func() {}
	}
	return e, nil
}

// calibrate returns how many operations last about as long as target. It approaches from below and believes no measurement that is much shorter than the target.
func calibrate(run Run, target time.Duration) (n int, err error) {
	const maxOperations = 1 << 30
	for n = 1; ; {
		start := time.Now()
		if err := run(n); err != nil {
			return 0, err
		}
		took := max(time.Since(start), 1)
		factor := float64(target) / float64(took)
		next := int(min(math.Ceil(float64(n)*min(factor, 100)), maxOperations))
		if factor < 2 || next == maxOperations {
			return max(next, 1), nil
		}
		n = next
	}
}

// sample measures once. The collector runs before, so that nobody pays for what others left, and some operations that are not counted warm up; what its own
// garbage costs while it runs is the contender's.
func (e *entrant) sample(gauges []Gauge) (sample, error) {
	var before, after runtime.MemStats
	runtime.GC()
	if _, err := e.work(0.1); err != nil {
		return sample{}, err
	}
	if err := startAll(gauges); err != nil {
		return sample{}, err
	}
	runtime.ReadMemStats(&before)
	start := time.Now()
	done, err := e.work(1)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if err != nil {
		return sample{}, err
	}
	read, err := stopAll(gauges, done)
	n := float64(done)
	return sample{
		ns:     float64(took) / n,
		allocs: float64(after.Mallocs-before.Mallocs) / n,
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / n,
		gauges: read,
	}, err
}

// work does that part of what makes a sample.
func (e *entrant) work(part float64) (n int, err error) {
	if e.timed != nil {
		n, err = e.timed(time.Duration(part * float64(e.lasts)))
		return max(n, 1), err
	}
	n = max(1, int(part*float64(e.n)))
	return n, e.run(n)
}

func startAll(gauges []Gauge) error {
	for _, g := range gauges {
		if g.Start == nil {
			continue
		}
		if err := g.Start(); err != nil {
			return fmt.Errorf("%s: %w", g.Name, err)
		}
	}
	return nil
}

func stopAll(gauges []Gauge, n int) (map[string]float64, error) {
	if len(gauges) == 0 {
		return nil, nil
	}
	read := make(map[string]float64, len(gauges))
	for _, g := range gauges {
		value, err := g.Stop(n)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.Name, err)
		}
		read[g.Name] = value
	}
	return read, nil
}
