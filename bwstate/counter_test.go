package bwstate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/resp"
)

// lossy is an embedded store behind a connection that loses every third answer: what was asked is done, and nobody hears of it.
type lossy struct {
	RoundTripper
	n, lost atomic.Int64
}

var errAnswerLost = errors.New("the answer was lost")

func (l *lossy) RoundTrip(ctx context.Context, q *resp.Request, h resp.Handler) error {
	if err := l.RoundTripper.RoundTrip(ctx, q, h); err != nil || l.n.Add(1)%3 != 0 {
		return err
	}
	l.lost.Add(1)
	return errAnswerLost
}

// With a token, an addition whose answer is lost is made again until there is one, and counts once.
func TestAdditionsWithTokensCountOnce(t *testing.T) {
	local := openLocal()
	defer local.Close()
	rt := &lossy{RoundTripper: local.rt}
	cs, err := New(rt).Counters(CountersConfig{Name: "app"})
	require.NoError(t, err)
	const callers, each = 64, 20
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for round := range each {
				token := fmt.Sprint(i, " ", round)
				for {
					c, err := cs.AddOnce(t.Context(), token, "n", 3)
					if errors.Is(err, errAnswerLost) {
						continue
					}
					if err != nil || !c.Found {
						t.Errorf("%+v %v", c, err)
					}
					break
				}
			}
		})
	}
	wg.Wait()
	require.Positive(t, rt.lost.Load())
	sure, err := local.Counters(CountersConfig{Name: "app"})
	require.NoError(t, err)
	c, err := sure.Get(t.Context(), "n")
	require.NoError(t, err)
	require.Equal(t, Count{Total: 3 * callers * each, Found: true}, c)
}

// countersWithOutage are counters of each kind whose server can be away.
func countersWithOutage(t *testing.T, when WhenAway) (plain, windows *Counters, tops *Tops, o *outage) {
	local := openLocal()
	t.Cleanup(func() { require.NoError(t, local.Close()) })
	o = &outage{RoundTripper: local.rt}
	s := New(o)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	plain, err := s.Counters(CountersConfig{Name: "app", WhenAway: when})
	require.NoError(t, err)
	windows, err = s.Counters(CountersConfig{Name: "app", Window: 24 * time.Hour, Windows: 3, WhenAway: when})
	require.NoError(t, err)
	tops, err = s.Tops(TopConfig{Name: "app", WhenAway: when})
	require.NoError(t, err)
	return plain, windows, tops, o
}

// What reads is sent again, and an addition with a token, which counts once. No other addition is.
func TestCountersSendAgainWhatMayBe(t *testing.T) {
	plain, windows, tops, o := countersWithOutage(t, FailWhenAway)
	for _, cs := range []*Counters{plain, windows} {
		for name, c := range map[string]struct {
			call            func() error
			again, readOnly bool
		}{
			"Add":        {func() error { _, err := cs.Add(t.Context(), "a", 1); return err }, false, false},
			"AddAll":     {func() error { _, err := cs.AddAll(t.Context(), Addition{"a", 1}); return err }, false, false},
			"AddOnce":    {func() error { _, err := cs.AddOnce(t.Context(), "t "+cs.kind, "a", 1); return err }, true, false},
			"AddAllOnce": {func() error { _, err := cs.AddAllOnce(t.Context(), "u "+cs.kind, Addition{"a", 1}); return err }, true, false},
			"Get":        {func() error { _, err := cs.Get(t.Context(), "a"); return err }, true, true},
			"GetAll":     {func() error { _, err := cs.GetAll(t.Context(), "a", "b"); return err }, true, true},
			"Delete":     {func() error { _, err := cs.Delete(t.Context(), "a"); return err }, false, false},
		} {
			require.NoError(t, c.call(), name)
			require.Equal(t, c.again, o.again, name)
			require.Equal(t, c.readOnly, o.readOnly, name)
		}
	}
	_, err := tops.Add(t.Context(), "l", TopEntry{"a", 1})
	require.NoError(t, err)
	require.False(t, o.again)
	_, err = tops.Top(t.Context(), "l", 1, 0)
	require.NoError(t, err)
	require.True(t, o.readOnly)
	_, err = tops.Rank(t.Context(), "l", "a", 0)
	require.NoError(t, err)
	require.True(t, o.readOnly)
	_, err = tops.Delete(t.Context(), "l")
	require.NoError(t, err)
	require.False(t, o.again)
}

func TestCountersFailWhenAway(t *testing.T) {
	plain, windows, tops, o := countersWithOutage(t, FailWhenAway)
	o.away = errNobodyThere
	for _, cs := range []*Counters{plain, windows} {
		c, err := cs.Add(t.Context(), "a", 1)
		require.ErrorIs(t, err, errNobodyThere)
		require.Zero(t, c)
		counts, err := cs.GetAll(t.Context(), "a")
		require.ErrorIs(t, err, errNobodyThere)
		require.Empty(t, counts)
	}
	_, err := tops.Add(t.Context(), "l", TopEntry{"a", 1})
	require.ErrorIs(t, err, errNobodyThere)
}

func TestCountersCountLocallyWhenAway(t *testing.T) {
	plain, windows, tops, o := countersWithOutage(t, LocalWhenAway)
	for _, cs := range []*Counters{plain, windows} {
		o.away = nil
		c, err := cs.Add(t.Context(), "a", 10)
		require.NoError(t, err)
		require.Equal(t, Count{Total: 10, Found: true}, c)

		o.away = errNobodyThere
		for want := int64(1); want <= 2; want++ {
			c, err = cs.Add(t.Context(), "a", 1)
			require.NoError(t, err)
			require.Equal(t, Count{Total: want, Found: true, Degraded: true}, c)
		}
		for again := range 2 {
			token := "token " + cs.kind
			counts, err := cs.AddAllOnce(t.Context(), token, Addition{"a", 5}, Addition{"b", 1})
			require.NoError(t, err)
			require.Equal(t, []Count{{7, true, again > 0, true}, {1, true, again > 0, true}}, counts)
		}
		counts, err := cs.GetAll(t.Context(), "a", "none")
		require.NoError(t, err)
		require.Equal(t, []Count{{Total: 7, Found: true, Degraded: true}, {Degraded: true}}, counts)
		_, err = cs.Delete(t.Context(), "a")
		require.ErrorIs(t, err, errNobodyThere, "what is deleted here would still be on the server")
		_, err = cs.Add(t.Context(), "a", 9223372036854775807)
		var wrong *CountError
		require.ErrorAs(t, err, &wrong)
		require.Equal(t, CountOverflow, wrong.Reason)

		o.away = nil
		c, err = cs.Get(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, Count{Total: 10, Found: true}, c, "what was counted meanwhile is not added")
	}
	o.away = errNobodyThere
	history, degraded, err := windows.History(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, degraded)
	require.Equal(t, []int64{7, 0, 0}, history)
	found, err := tops.Add(t.Context(), "l", TopEntry{"a", 1})
	require.NoError(t, err)
	require.True(t, found.Degraded)
	found, err = tops.Top(t.Context(), "l", 1, 0)
	require.NoError(t, err)
	require.Equal(t, TopList{Entries: []TopEntry{{"a", 1}}, Degraded: true}, found)
	rank, err := tops.Rank(t.Context(), "l", "a", 0)
	require.NoError(t, err)
	require.Equal(t, TopRank{Rank: 1, Count: 1, Degraded: true}, rank)
	_, err = tops.Delete(t.Context(), "l")
	require.ErrorIs(t, err, errNobodyThere)
}

// Whatever a server answers is an error when it makes no sense.
func TestWhatScriptsOfCountersMayAnswer(t *testing.T) {
	for _, answer := range []string{
		"_\r\n", "+OK\r\n", ":1\r\n", "*0\r\n", "*1\r\n+N\r\n", "*2\r\n+X\r\n+1\r\n", "*2\r\n+N\r\n+x\r\n", "*3\r\n+N\r\n+1\r\n+2\r\n", "%0\r\n", "*2\r\n+N\r\n_\r\n",
		"*1\r\n*0\r\n", "*1\r\n$1\r\nX\r\n", "*1\r\n*1\r\n+1.5\r\n", "*2\r\n+F\r\n+x\r\n", "$1\r\nX\r\n", "*1\r\n_\r\n",
	} {
		s := New(replies{answer})
		plain, err := s.Counters(CountersConfig{Name: "app"})
		require.NoError(t, err)
		windows, err := s.Counters(CountersConfig{Name: "app", Window: time.Hour})
		require.NoError(t, err)
		tops, err := s.Tops(TopConfig{Name: "app"})
		require.NoError(t, err)
		c, err := plain.Add(t.Context(), "a", 1)
		require.Error(t, err, "%q", answer)
		require.Zero(t, c)
		_, err = windows.AddAllOnce(t.Context(), "t", Addition{"a", 1})
		require.Error(t, err, "%q", answer)
		if answer != "*1\r\n*0\r\n" {
			_, err = windows.GetAll(t.Context(), "a")
			require.Error(t, err, "%q", answer)
		}
		if !strings.HasPrefix(answer, "*1\r\n") || answer == "*1\r\n*0\r\n" {
			_, err = tops.Add(t.Context(), "l", TopEntry{"a", 1})
			require.Error(t, err, "%q", answer)
		}
		_, err = tops.Top(t.Context(), "l", 1, 0)
		require.Error(t, err, "%q", answer)
		_, err = tops.Rank(t.Context(), "l", "a", 0)
		require.Error(t, err, "%q", answer)
	}
	for _, code := range []string{"READONLY", "OOM", "NOPERM", "MISCONF"} {
		s := New(replies{"-" + code + " no\r\n"})
		cs, err := s.Counters(CountersConfig{Name: "app", WhenAway: LocalWhenAway})
		require.NoError(t, err)
		_, err = cs.Add(t.Context(), "a", 1)
		require.True(t, resp.IsCode(err, code), "%v", err)
		_, err = cs.Get(t.Context(), "a")
		require.True(t, resp.IsCode(err, code), "%v", err)
	}
}

// Neither a counter's name nor a token is shown.
func TestCountErrorsShowNoKeys(t *testing.T) {
	local := openLocal()
	defer local.Close()
	cs, err := local.Counters(CountersConfig{Name: "app"})
	require.NoError(t, err)
	_, err = local.Do(t.Context(), "SET", "bwredis:count:app:n:secret", "hidden")
	require.NoError(t, err)
	_, err = cs.AddOnce(t.Context(), "secret", "secret", 1)
	require.EqualError(t, err, "bwstate: the counter is a text that is no number")
	_, err = cs.AddOnce(t.Context(), "secret", "a", 1)
	require.NoError(t, err)
	_, err = cs.AddOnce(t.Context(), "secret", "a", 2)
	require.EqualError(t, err, "bwstate: the token was used to count something else")
}
