package sentinel

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The epoch that counts is one that more than half of those who name a server have reached.
func TestAgreedEpoch(t *testing.T) {
	for _, tc := range []struct {
		epochs []uint64
		want   uint64
	}{
		{nil, 0},
		{[]uint64{7}, 7},
		{[]uint64{1000, 7}, 7},
		{[]uint64{7, 1000, 7}, 7},
		{[]uint64{1000, 7, 8}, 8},
		{[]uint64{1000, 1000, 7}, 1000},
		{[]uint64{1000, 7, 1000, 8}, 8},
		{[]uint64{9, 1000, 7, 1000, 8}, 9},
	} {
		voices := []opinion{{addr: "b:1", epoch: 5000}}
		for _, e := range tc.epochs {
			voices = append(voices, opinion{addr: "a:1", epoch: e})
		}
		require.Equal(t, tc.want, agreedEpoch(voices, "a:1"), "%v", tc.epochs)
	}
}

// Of those whom nobody configured the opinions count only when no configured one has any.
func TestWhoseOpinionsCount(t *testing.T) {
	configured, learned := &member{addr: "c:1"}, &member{addr: "l:1", learned: true}
	names := func(m *member) opinion { return opinion{from: m, addr: "a:1"} }
	fails := opinion{from: configured, err: errNoAnswer}
	for name, tc := range map[string]struct {
		opinions []opinion
		want     int
	}{
		"nobody":                          {nil, 0},
		"configured ones":                 {[]opinion{names(configured), fails, names(configured)}, 2},
		"one of many is configured":       {[]opinion{names(learned), names(configured), names(learned)}, 1},
		"the configured ones fail":        {[]opinion{fails, names(learned), names(learned)}, 2},
		"the configured one names nobody": {[]opinion{{from: configured}, names(learned)}, 1},
		"all fail":                        {[]opinion{fails, {from: learned, err: errNoAnswer}}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			before := append([]opinion(nil), tc.opinions...)
			require.Len(t, counted(tc.opinions), tc.want)
			require.Equal(t, before, tc.opinions, "those who failed are reported, too")
		})
	}
}
