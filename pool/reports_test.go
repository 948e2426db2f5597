package pool

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// A logbook is a log that can be read.
type logbook struct {
	reports
	text bytes.Buffer
}

func newLogbook(level slog.Level) *logbook {
	b := &logbook{}
	b.log = slog.New(slog.NewTextHandler(&b.text, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	return b
}

// lines returns what was logged since it was called last.
func (b *logbook) lines() (lines []string) {
	defer b.text.Reset()
	for line := range strings.Lines(b.text.String()) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

var errRefused = errors.New("connection refused")

func TestReportsSayWhatHappened(t *testing.T) {
	b := newLogbook(slog.LevelDebug)
	b.dialFailed(errRefused, 3)
	b.recovered(90*time.Second, 12)
	b.noMaster("READONLY")
	b.broken(errRefused, 2)
	b.broken(errRefused, 0)
	require.Equal(t, []string{
		`level=WARN msg="redis: no connection" err="connection refused" failures=3`,
		`level=INFO msg="redis: connected again" outage=1m30s failures=12`,
		`level=WARN msg="redis: the server is not, or not yet, a master; its connections are given up" code=READONLY`,
		`level=WARN msg="redis: a connection broke" err="connection refused" callers=2`,
		`level=DEBUG msg="redis: an idle connection has ended" err="connection refused"`,
	}, b.lines())
}

func TestReportsCountWhatRepeats(t *testing.T) {
	for name, say := range map[string]func(*logbook){
		"no connection":           func(b *logbook) { b.dialFailed(errRefused, 1) },
		"a connection broke":      func(b *logbook) { b.broken(errRefused, 1) },
		"idle connection":         func(b *logbook) { b.broken(errRefused, 0) },
		"not, or not yet, master": func(b *logbook) { b.noMaster("LOADING") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newLogbook(slog.LevelDebug)
				say(b)
				first := b.lines()
				require.Len(t, first, 1)
				for range 3 {
					time.Sleep(reportInterval/3 - 1)
					say(b)
				}
				require.Empty(t, b.lines())
				time.Sleep(3 * time.Nanosecond)
				say(b)
				require.Equal(t, []string{first[0] + " repeated=3"}, b.lines())
				say(b)
				require.Empty(t, b.lines(), "the interval begins anew")
				time.Sleep(reportInterval)
				say(b)
				require.Equal(t, []string{first[0] + " repeated=1"}, b.lines())
				time.Sleep(reportInterval)
				say(b)
				require.Equal(t, first, b.lines(), "with no count where nothing was counted")
			})
		})
	}
}

func TestReportsOfOneKindDoNotSilenceAnother(t *testing.T) {
	b := newLogbook(slog.LevelDebug)
	for range 3 {
		b.broken(errRefused, 0)
		b.broken(errRefused, 1)
		b.noMaster("READONLY")
		b.dialFailed(errRefused, 1)
	}
	require.Len(t, b.lines(), 4)
}

func TestTheLastWordOfAnOutageIsThatItIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLogbook(slog.LevelInfo)
		b.recovered(0, 0)
		require.Empty(t, b.lines(), "nobody was told of an outage")
		b.dialFailed(errRefused, 1)
		time.Sleep(reportInterval - 2)
		b.recovered(time.Second, 5)
		require.Contains(t, b.lines()[1], "connected again\" outage=1s failures=5 repeated=1")

		b.dialFailed(errRefused, 1) // too recent to be told
		b.recovered(time.Second, 1)
		b.recovered(time.Second, 1)
		require.Empty(t, b.lines())

		time.Sleep(2 * time.Nanosecond)
		b.dialFailed(errRefused, 1)
		b.recovered(time.Second, 1) // 3 ns after the last one, and told nevertheless
		lines := b.lines()
		require.Len(t, lines, 2)
		require.Contains(t, lines[0], "no connection\" err=\"connection refused\" failures=1 repeated=1")
		require.Contains(t, lines[1], "connected again\" outage=1s failures=1 repeated=2")
	})
}

func TestReportsWithoutALogCostNothing(t *testing.T) {
	var nobody reports
	all := func() {
		nobody.dialFailed(errRefused, 1)
		nobody.recovered(time.Second, 1)
		nobody.noMaster("READONLY")
		nobody.broken(errRefused, 1)
		nobody.broken(errRefused, 0)
	}
	require.Zero(t, testing.AllocsPerRun(100, all))
	require.Equal(t, reports{}.kinds, nobody.kinds)
}

func TestReportsThatTheLogDoesNotWantAreNotCounted(t *testing.T) {
	b := newLogbook(slog.LevelError)
	b.dialFailed(errRefused, 1)
	b.recovered(time.Second, 1)
	require.Empty(t, b.lines())
	require.Equal(t, reports{}.kinds, b.kinds)
	require.Zero(t, b.untold)
}

// Everything that many report at once is logged or counted; and who reports while the log is slow does not wait for it.
func TestReportsConcurrently(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newLogbook(slog.LevelInfo)
		slow := b.log
		entered, release := make(chan struct{}), make(chan struct{})
		b.log = slog.New(waitingHandler{slow.Handler(), entered, release})
		var all sync.WaitGroup
		all.Go(func() { b.broken(errRefused, 1) })
		<-entered
		for range 50 {
			all.Go(func() { b.broken(errRefused, 1) })
		}
		synctest.Wait()
		close(release)
		all.Wait()
		require.Len(t, b.lines(), 1)
		time.Sleep(reportInterval)
		b.log = slow
		b.broken(errRefused, 1)
		require.Contains(t, b.lines()[0], "repeated=50")
	})
}

func TestRefusalCode(t *testing.T) {
	for message, want := range map[string]string{
		"READONLY You can't write against a read only replica.":                                              "READONLY",
		"LOADING Redis is loading the dataset in memory":                                                     "LOADING",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.":                   "MASTERDOWN",
		"ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write against a read":   "READONLY",
		"@user_script: 1: -READONLY You can't write against a read only replica. script: 1, on @user_script": "READONLY",
	} {
		require.Equal(t, want, refusalCode(&resp.Error{Message: message}))
	}
}

// A waitingHandler says when it was entered, and waits for its release.
type waitingHandler struct {
	slog.Handler
	entered, release chan struct{}
}

func (h waitingHandler) Handle(ctx context.Context, record slog.Record) error {
	h.entered <- struct{}{}
	<-h.release
	return h.Handler.Handle(ctx, record)
}
