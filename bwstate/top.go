package bwstate

import (
	"context"
	"fmt"
	"time"
)

// Defaults of [TopConfig].
const DefaultTopSize = 200

const (
	maxTopSize    = 1000
	maxTopWindows = 60
	maxTopMember  = 4 << 10 // bytes
	maxTopBatch   = 1000
)

// TopConfig says how an application finds out what is most frequent. The zero value with a Name is ready.
type TopConfig struct {
	// Name is the application's: up to 64 letters, digits and any of ".-_". Applications of different names share nothing.
	Name string

	// Size is how many members a list has at most, in each window; up to 1000. 0: DefaultTopSize. That bounds its memory, whatever is counted: members of
	// 100 bytes take about 200 bytes each. Processes with another Size, Window or Windows have other lists.
	Size int

	TTL      time.Duration // how long a list without windows lives after something was counted; 0: DefaultCounterTTL
	Window   time.Duration // as in CountersConfig; 0: there are no windows
	Windows  int           // how many are kept and can be read together; at most 60
	WhenAway WhenAway      // FailWhenAway or LocalWhenAway
}

// Tops are an application's lists of what is most frequent: addresses, URLs, users. [State.Tops] makes them.
//
// A list never has more than Size members. When it is full, a new member takes the place of the least and counts on from there (the "space-saving" algorithm). So a
// count is never too low, and too high by no more than the least in the list, which is at most all that was counted divided by Size; what is more frequent than
// that is in the list for certain. A list that was never full is exact. TopList.Wrong says how it stands.
//
// Each call is one round trip. What is counted is sent once; when the connection is lost before the answer, it may have been counted. The methods may be called
// concurrently.
type Tops struct {
	state   *State
	app     string
	kind    string
	size    int
	ttl     int64 // milliseconds
	window  int64 // milliseconds; 0: none
	windows int
	when    WhenAway
}

// Tops returns an application's lists. An error is an [*ArgumentError].
func (s *State) Tops(cfg TopConfig) (*Tops, error) {
	ts := &Tops{state: s, app: cfg.Name, size: cfg.Size, windows: max(cfg.Windows, 1), when: cfg.WhenAway}
	if !isAppName(cfg.Name) {
		return nil, &ArgumentError{Name: "Name", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	switch {
	case ts.size == 0:
		ts.size = DefaultTopSize
	case ts.size < 0 || ts.size > maxTopSize:
		return nil, &ArgumentError{Name: "Size", Problem: "is not between 1 and 1000"}
	}
	var err error
	if ts.ttl, err = millis("TTL", cfg.TTL, DefaultCounterTTL); err != nil {
		return nil, err
	}
	if err := checkWindows(cfg.Window, cfg.Windows, maxTopWindows); err != nil {
		return nil, err
	}
	if ts.window = cfg.Window.Milliseconds(); ts.window > 0 {
		if cfg.TTL != 0 {
			return nil, &ArgumentError{Name: "TTL", Problem: "is given, and lists in windows have none"}
		}
		ts.ttl = ts.window * int64(ts.windows+1)
	}
	ts.kind = fmt.Sprintf("t%dx%dx%d", ts.window, ts.windows, ts.size)
	return ts, checkWhenAway(cfg.WhenAway)
}

// A TopEntry is a member of a list and how often it was counted.
type TopEntry struct {
	Member string // 1 byte to 4 KiB
	Count  int64
}

// A TopList is what was most frequent.
type TopList struct {
	Entries  []TopEntry // the most frequent first
	Wrong    int64      // by how much a count may be wrong, at most; 0: all are exact
	Degraded bool       // the server is away, and this process counts by itself; see LocalWhenAway
}

// A TopRank is where a member stands.
type TopRank struct {
	Rank     int64 // 1 is the most frequent; who is equally frequent has the same rank. 0: it is not in the list
	Count    int64
	Wrong    int64
	Degraded bool
}

// Add counts members of a list in the present window, in one step. Each Count is at least 1. It returns what each is counted there now.
func (ts *Tops) Add(ctx context.Context, list string, entries ...TopEntry) (TopList, error) {
	op := newTopOp(ts, topAdds, list)
	defer op.recycle()
	op.entries = entries
	return op.run(ctx)
}

// Top returns the n most frequent of a list, at most Size of them, over the last windows of those that are kept; 0: all windows.
func (ts *Tops) Top(ctx context.Context, list string, n, windows int) (TopList, error) {
	op := newTopOp(ts, topReads, list)
	defer op.recycle()
	op.show, op.windows = n, windows
	return op.run(ctx)
}

// Rank returns where a member stands in a list, over the last windows of those that are kept; 0: all windows.
func (ts *Tops) Rank(ctx context.Context, list, member string, windows int) (TopRank, error) {
	op := newTopOp(ts, topRanks, list)
	defer op.recycle()
	op.member, op.show, op.windows = member, 1, windows
	found, err := op.run(ctx)
	if err != nil {
		return TopRank{}, err
	}
	return TopRank{Rank: op.rank, Count: op.count, Wrong: found.Wrong, Degraded: found.Degraded}, nil
}

// Delete deletes a list, with all windows that are kept, and returns how many of them there were. It always asks the server.
func (ts *Tops) Delete(ctx context.Context, list string) (deleted int64, err error) {
	op := newTopOp(ts, topDeletes, list)
	defer op.recycle()
	_, err = op.run(ctx)
	return op.count, err
}
