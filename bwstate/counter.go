package bwstate

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Defaults of [CountersConfig].
const (
	DefaultCounterTTL = 24 * time.Hour
	DefaultRemember   = time.Hour
)

const (
	maxWindows     = 120
	maxCounterName = 1 << 10 // bytes
	maxToken       = 1 << 10 // bytes
	maxCounters    = 1000    // in one call
)

// CountersConfig says how an application counts. The zero value with a Name is ready, and makes counters that go on for as long as somebody counts.
type CountersConfig struct {
	// Name is the application's: up to 64 letters, digits and any of ".-_". Applications of different names share nothing.
	Name string

	// TTL is how long a counter lives after it was added to the last time, in whole milliseconds. 0: DefaultCounterTTL. It is set with every addition, so a lifetime that
	// somebody took away is there again. Counters in windows live for as long as their windows count, and have no TTL.
	TTL time.Duration

	// Window, in whole milliseconds, makes counters of what happened lately: time is cut into windows of this length, by the server's clock, so that all processes
	// agree, and a total is the sum of the last Windows of them, the present one included. Windows 1, which is what 0 means, is a fixed window; with more it slides,
	// in steps of Window. 0: the total is of everything. Processes with another Window, or other Windows, have other counters.
	Window  time.Duration
	Windows int // at most 120

	// Remember is how long a token of AddOnce is remembered. 0: DefaultRemember.
	Remember time.Duration

	WhenAway WhenAway // FailWhenAway or LocalWhenAway
}

// Counters are an application's own counters: integers of 64 bits, or in windows of 53. [State.Counters] makes them.
//
// Each call is one round trip and runs as one step on the server: counters, their lifetime and the token change together, or not at all. What would overflow, and
// what is under a key of a counter and is none, is a [*CountError], and nothing has changed. An addition is sent once, and whether it was done is not known when
// the connection is lost before the answer; AddOnce exists for that, and is sent again by itself.
//
// The methods may be called concurrently.
type Counters struct {
	state    *State
	app      string
	kind     string // of keys
	ttl      int64  // milliseconds, as all of these
	window   int64  // 0: none
	windows  int
	remember int64
	when     WhenAway
}

// Counters returns the counters of an application. An error is an [*ArgumentError].
func (s *State) Counters(cfg CountersConfig) (*Counters, error) {
	cs := &Counters{state: s, app: cfg.Name, kind: "n", when: cfg.WhenAway, windows: max(cfg.Windows, 1)}
	if !isAppName(cfg.Name) {
		return nil, &ArgumentError{Name: "Name", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	var err error
	if cs.ttl, err = millis("TTL", cfg.TTL, DefaultCounterTTL); err != nil {
		return nil, err
	}
	if cs.remember, err = millis("Remember", cfg.Remember, DefaultRemember); err != nil {
		return nil, err
	}
	if err := checkWindows(cfg.Window, cfg.Windows, maxWindows); err != nil {
		return nil, err
	}
	if cs.window = cfg.Window.Milliseconds(); cs.window > 0 {
		if cfg.TTL != 0 {
			return nil, &ArgumentError{Name: "TTL", Problem: "is given, and counters in windows have none"}
		}
		cs.kind = fmt.Sprintf("w%dx%d", cs.window, cs.windows)
		cs.ttl = cs.window * int64(cs.windows+1)
	}
	return cs, checkWhenAway(cfg.WhenAway)
}

// millis returns a duration in milliseconds.
func millis(name string, d, normal time.Duration) (int64, error) {
	if d == 0 {
		d = normal
	}
	if d < time.Millisecond || d > maxTTL {
		return 0, &ArgumentError{Name: name, Problem: "is not between a millisecond and a hundred years: " + d.String()}
	}
	return d.Milliseconds(), nil
}

func checkWindows(window time.Duration, windows, most int) error {
	switch {
	case windows < 0 || windows > most:
		return &ArgumentError{Name: "Windows", Problem: "is not between 1 and " + strconv.Itoa(most)}
	case window == 0 && windows > 1:
		return &ArgumentError{Name: "Windows", Problem: "are given without the length of one"}
	case window != 0 && (window < time.Millisecond || window > maxTTL/time.Duration(most+1)):
		return &ArgumentError{Name: "Window", Problem: "is shorter than a millisecond or longer than nine months: " + window.String()}
	}
	return nil
}

func checkWhenAway(when WhenAway) error {
	if when != FailWhenAway && when != LocalWhenAway {
		return &ArgumentError{Name: "WhenAway", Problem: "is neither FailWhenAway nor LocalWhenAway"}
	}
	return nil
}

// A Count is what is known of a counter.
type Count struct {
	Total    int64 // or the sum of its windows
	Found    bool  // there is such a counter; always after an addition
	Before   bool  // the token was counted before, and nothing was added now
	Degraded bool  // the server is away, and this process counts by itself; see LocalWhenAway
}

// An Addition is an amount for a counter. It may be negative.
type Addition struct {
	Name string // 1 byte to 1 KiB, anything
	N    int64
}

// Add adds to a counter. What there is none of counts from 0.
func (cs *Counters) Add(ctx context.Context, name string, n int64) (Count, error) {
	return cs.addOne(ctx, "", Addition{name, n})
}

// AddOnce is Add, and adds only once for a token, however often it is called, and by whom: so whoever does not know whether an addition was done calls it again
// with the same token. A token is any text of 1 byte to 1 KiB that does not repeat, such as the id of a request; a hash of it is stored. It is remembered for
// Remember, and belongs to one name and amount: with others it is a [*CountError] with TokenUsed.
//
// Before says that the token was counted earlier; also when that was the first attempt of this very call, whose answer was lost. Total is then what it is now.
// While the server is away (see LocalWhenAway) a token is remembered in this process alone, and not by the server later.
func (cs *Counters) AddOnce(ctx context.Context, token, name string, n int64) (Count, error) {
	if err := checkCountToken(token); err != nil {
		return Count{}, err
	}
	return cs.addOne(ctx, token, Addition{name, n})
}

func (cs *Counters) addOne(ctx context.Context, token string, a Addition) (Count, error) {
	op := newCountOp(cs)
	defer op.recycle()
	op.one[0] = a
	if err := op.take(token, op.one[:]); err != nil {
		return Count{}, err
	}
	degraded, err := op.run(ctx)
	if err != nil {
		return Count{}, err
	}
	return oneCount{op}.result(degraded)
}

// AddAll adds to several counters, to all or to none, and returns the total of each. A counter that is named twice is added to twice.
func (cs *Counters) AddAll(ctx context.Context, additions ...Addition) ([]Count, error) {
	return cs.addAll(ctx, "", additions)
}

// AddAllOnce is AddAll for a token, as AddOnce is Add. The token belongs to all of them.
func (cs *Counters) AddAllOnce(ctx context.Context, token string, additions ...Addition) ([]Count, error) {
	if err := checkCountToken(token); err != nil {
		return nil, err
	}
	return cs.addAll(ctx, token, additions)
}

func (cs *Counters) addAll(ctx context.Context, token string, additions []Addition) ([]Count, error) {
	op := newCountOp(cs)
	defer op.recycle()
	if err := op.take(token, additions); err != nil {
		return nil, err
	}
	degraded, err := op.run(ctx)
	if err != nil {
		return nil, err
	}
	return op.result(degraded)
}

// Get returns a counter. One that does not exist is not Found, and its total is 0.
func (cs *Counters) Get(ctx context.Context, name string) (Count, error) {
	op := newCountReadOp(cs)
	defer op.recycle()
	op.one[0] = name
	if err := op.take(op.one[:]); err != nil {
		return Count{}, err
	}
	degraded, err := op.run(ctx)
	if err != nil {
		return Count{}, err
	}
	return oneCountRead{op}.result(degraded)
}

// GetAll returns several counters. Where one cannot be read the others are returned all the same, with the first error; the one is not Found.
func (cs *Counters) GetAll(ctx context.Context, names ...string) ([]Count, error) {
	op := newCountReadOp(cs)
	defer op.recycle()
	if err := op.take(names); err != nil {
		return nil, err
	}
	degraded, err := op.run(ctx)
	if err != nil {
		return nil, err
	}
	return op.result(degraded)
}

// History returns the counts of a counter's windows, the present one first. Without windows it is an [*ArgumentError].
func (cs *Counters) History(ctx context.Context, name string) (counts []int64, degraded bool, err error) {
	if cs.window == 0 {
		return nil, false, &ArgumentError{Name: "Window", Problem: "is not set, and there is no history without windows"}
	}
	op := newCountReadOp(cs)
	defer op.recycle()
	op.one[0], op.history = name, make([]int64, 0, cs.windows)
	if err := op.take(op.one[:]); err != nil {
		return nil, false, err
	}
	if degraded, err = op.run(ctx); err == nil {
		err = op.err
	}
	if err != nil {
		return nil, false, err
	}
	return op.history, degraded, nil
}

// Delete deletes counters, with all their windows, and returns how many there were. Tokens are remembered all the same. It always asks the server.
func (cs *Counters) Delete(ctx context.Context, names ...string) (deleted int64, err error) {
	if err := checkCounters(names); err != nil {
		return 0, err
	}
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("UNLINK")
	for _, name := range names {
		op.q.Str(countKey(cs.app, cs.kind, name))
	}
	return cs.state.integer(ctx, op)
}

func checkCounters(names []string) error {
	if len(names) == 0 || len(names) > maxCounters {
		return &ArgumentError{Name: "names", Problem: "are not 1 to 1000 counters"}
	}
	for _, name := range names {
		if err := checkCounterName(name); err != nil {
			return err
		}
	}
	return nil
}

func checkCounterName(name string) error {
	if name == "" || len(name) > maxCounterName {
		return &ArgumentError{Name: "Name", Problem: "of a counter is not 1 byte to 1 KiB"}
	}
	return nil
}

func checkAdditions(additions []Addition) error {
	if len(additions) == 0 || len(additions) > maxCounters {
		return &ArgumentError{Name: "additions", Problem: "are not 1 to 1000"}
	}
	for _, a := range additions {
		if err := checkCounterName(a.Name); err != nil {
			return err
		}
		if a.N == math.MinInt64 {
			return &ArgumentError{Name: "N", Problem: "is the least there is, and could not be taken back"}
		}
	}
	return nil
}

func checkCountToken(token string) error {
	if token == "" || len(token) > maxToken {
		return &ArgumentError{Name: "token", Problem: "is not 1 byte to 1 KiB"}
	}
	return nil
}
