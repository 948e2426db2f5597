package bwstate

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// While the server is away, counters and lists of a batch go on as they do alone, and metrics do not.
func TestBatchOfCountsWhenAway(t *testing.T) {
	plain, windows, tops, o := countersWithOutage(t, LocalWhenAway)
	o.away = errNobodyThere
	m, err := plain.state.Metrics(MetricsConfig{Worker: "w"})
	require.NoError(t, err)
	b := plain.state.NewBatch()
	for round := range int64(2) {
		b.Reset()
		one, once := b.AddCount(plain, "a", 1), b.AddCountsOnce(windows, "t", Addition{"a", 5})
		got, all := b.GetCount(plain, "none"), b.GetCounts(plain, "a")
		list, top := b.AddToTop(tops, "l", TopEntry{"x", 1}), b.Top(tops, "l", 1, 0)
		metric, writes := b.AddMetric(m, "p", "a", 1), b.WriteMetrics(m, MetricWrite{Plugin: "p", Name: "a", Value: 1})
		require.ErrorIs(t, b.Run(t.Context()), errNobodyThere, "metrics cannot go on")
		c, err := one.Result()
		require.NoError(t, err)
		require.Equal(t, Count{Total: 1 + round, Found: true, Degraded: true}, c)
		counts, err := once.Result()
		require.NoError(t, err)
		require.Equal(t, []Count{{Total: 5, Found: true, Before: round > 0, Degraded: true}}, counts)
		c, err = got.Result()
		require.NoError(t, err)
		require.Equal(t, Count{Degraded: true}, c)
		counts, err = all.Result()
		require.NoError(t, err)
		require.Equal(t, []Count{{Total: 1 + round, Found: true, Degraded: true}}, counts)
		found, err := list.Result()
		require.NoError(t, err)
		require.Equal(t, TopList{Entries: []TopEntry{{"x", 1 + round}}, Degraded: true}, found)
		found, err = top.Result()
		require.NoError(t, err)
		require.True(t, found.Degraded)
		_, err = metric.Result()
		require.ErrorIs(t, err, errNobodyThere)
		_, err = writes.Result()
		require.ErrorIs(t, err, errNobodyThere)
	}
	o.away = nil
	b.Reset()
	back := b.GetCount(plain, "a")
	require.NoError(t, b.Run(t.Context()))
	c, err := back.Result()
	require.NoError(t, err)
	require.Equal(t, Count{}, c, "what was counted meanwhile is not added")
}

// A token makes one addition safe to send again, and says nothing of what else is in a batch: so a batch with additions is sent once.
func TestBatchOfTokensIsSentOnce(t *testing.T) {
	_, cs, tops, o := countersWithOutage(t, FailWhenAway)
	b := cs.state.NewBatch()
	b.AddCountOnce(cs, "token", "a", 1)
	b.GetCount(cs, "a")
	require.NoError(t, b.Run(t.Context()))
	require.False(t, o.again || o.readOnly)
	b.Reset()
	b.GetCount(cs, "a")
	b.GetCounts(cs, "a", "b")
	b.Top(tops, "l", 1, 0)
	require.NoError(t, b.Run(t.Context()))
	require.True(t, o.readOnly)
}
