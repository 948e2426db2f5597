package bwstate

import (
	"context"
	cli "flag"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/localstore"
	"github.com/bwredis/bwredis/resp"
)

// between does something between the two commands of a page, as others do whose commands come between them.
type between struct {
	RoundTripper
	then func()
}

func (b *between) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if b.then == nil || q.Len() != 2 {
		return b.RoundTripper.RoundTrip(ctx, q, h)
	}
	var frame resp.Reply
	frame.Reset(q.Encoded())
	for i := range 2 {
		var one resp.Request
		args := frame.Args(nil)
		one.Cmd(string(args[0]))
		for _, arg := range args[1:] {
			one.Bytes(arg)
		}
		err := b.RoundTripper.RoundTrip(ctx, &one, resp.HandlerFunc(func(_ int, r *resp.Reply) error { return h.HandleReply(i, r) }))
		if err != nil {
			return err
		}
		if then := b.then; then != nil {
			b.then = nil
			then()
		}
	}
	return nil
}

// What was there when All began, and is there all the while, is seen, also when others come between the page and the length.
func TestReportsWhoseLengthChangesUnderAPage(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, r *Reports){
		"trimmed": func(t *testing.T, r *Reports) {
			_, err := r.state.Do(t.Context(), "LTRIM", reportsKey, "80", "-1")
			require.NoError(t, err)
		},
		"pushed": func(t *testing.T, r *Reports) {
			_, err := r.Push(t.Context(), testReports(1000, 30)...)
			require.NoError(t, err)
		},
		"both": func(t *testing.T, r *Reports) {
			_, err := r.Push(t.Context(), testReports(1000, 30)...)
			require.NoError(t, err)
			_, err = r.state.Do(t.Context(), "LTRIM", reportsKey, "30", "-1")
			require.NoError(t, err)
		},
	} {
		for _, query := range []ReportQuery{{}, {Oldest: true}, {Duplicates: true}, {Oldest: true, Duplicates: true}} {
			s := openLocal()
			r := mustReports(t, s, ReportsConfig{NoLimit: true})
			_, err := r.Push(t.Context(), testReports(0, 100)...)
			require.NoError(t, err)
			b := &between{RoundTripper: s.rt}
			b.then = func() { change(t, r) }
			s.rt = b
			query.PageSize = 50
			seen := map[string]int{}
			for report, err := range r.All(t.Context(), query) {
				require.NoError(t, err)
				seen[report.URL]++
				require.Equal(t, 1, seen[report.URL], "%s: %+v", name, query)
			}
			for n := 80; n < 100; n++ {
				require.Equal(t, 1, seen["/"+strconv.Itoa(n)], "%s: %+v: %d", name, query, n)
			}
			require.NoError(t, s.Close())
		}
	}
}

var manyReports = cli.Int("reports", 100_000, "how many reports are gone through in bounded memory")

// However many elements there are, All needs memory for some pages and ids.
func TestManyReportsInBoundedMemory(t *testing.T) {
	n := *manyReports
	s := openStore(localstore.Config{MaxBytes: 1 << 30})
	defer func() { _ = s.Close() }()
	r := mustReports(t, s, ReportsConfig{NoLimit: true})
	args := []string{"RPUSH", reportsKey}
	for i := range n {
		if args = append(args, `{"id":"`+strconv.Itoa(i)+`","date":1}`); len(args) == 10_002 || i == n-1 {
			_, err := s.Do(t.Context(), args...)
			require.NoError(t, err)
			args = args[:2]
		}
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for _, oldest := range []bool{false, true} {
		before, most, seen := heap(), int64(0), 0
		for report, err := range r.All(t.Context(), ReportQuery{Oldest: oldest}) {
			require.NoError(t, err)
			if seen++; seen%(n/4) == 0 {
				most = max(most, heap()-before)
				require.NotEmpty(t, report.ID)
			}
		}
		require.Equal(t, n, seen)
		t.Logf("oldest %v: %d KiB", oldest, most>>10)
		require.Less(t, most, int64(3<<20))
	}
}
