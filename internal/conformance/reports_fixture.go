package conformance

import (
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// storeReports puts a list and its facets into the store.
func (f *fixture) storeReports(step map[string]record) {
	f.Helper()
	for key, r := range step {
		switch value := r.Value.(type) {
		case string:
			f.do("SET", key, value)
		case []any:
			for _, e := range value {
				f.do("RPUSH", key, e.(string))
			}
		case map[string]any:
			for field, count := range value {
				f.do("HSET", key, field, count.(string))
			}
		}
	}
}

// requireReports checks list, facets and marker, and that they live for ever.
func (f *fixture) requireReports(want map[string]record) {
	f.Helper()
	facets := map[string]int64{}
	for key, r := range want {
		switch value := r.Value.(type) {
		case string:
			require.Equal(f, value, f.text("GET", key))
		case []any:
			got := f.elements()
			require.Len(f, got, len(value))
			for i, e := range value {
				f.requireSameValue(e.(string), got[i])
			}
		case map[string]any:
			for field, count := range value {
				n, err := strconv.ParseInt(count.(string), 10, 64)
				require.NoError(f, err)
				facets[strings.TrimPrefix(key, "requests:facet:")+" "+field] = n
			}
		}
		require.EqualValues(f, -1, f.int("PTTL", key), key)
	}
	f.requireFacets(facets)
}

// elements returns those of the list.
func (f *fixture) elements() []string {
	f.Helper()
	var got []string
	for _, e := range f.do("LRANGE", "requests", "0", "-1").Elems() {
		text, err := e.Text()
		require.NoError(f, err)
		got = append(got, text)
	}
	return got
}

// facets returns all counts there are, by field and value.
func (f *fixture) facets() map[string]int64 {
	f.Helper()
	got := map[string]int64{}
	for _, field := range bwstate.ReportFields() {
		for value, count := range f.do("HGETALL", "requests:facet:"+string(field)).Pairs() {
			text, err := value.Text()
			require.NoError(f, err)
			digits, err := count.Text()
			require.NoError(f, err)
			n, err := strconv.ParseInt(digits, 10, 64)
			require.NoError(f, err)
			got[string(field)+" "+text] = n
		}
	}
	return got
}

func (f *fixture) requireFacets(want map[string]int64) {
	f.Helper()
	got := f.facets()
	for name, n := range want {
		require.Equal(f, n, got[name], name)
	}
	require.Len(f, got, len(want))
}

// requireCounted checks that the facets are what the list says, that the marker is there, and that nothing is left of a recount.
func (f *fixture) requireCounted(r *bwstate.Reports) {
	f.Helper()
	want := map[string]int64{}
	for s, err := range r.All(f.ctx, bwstate.ReportQuery{Foreign: true, Duplicates: true}) {
		require.NoError(f, err)
		if s.Foreign {
			continue
		}
		for _, field := range bwstate.ReportFields() {
			want[string(field)+" "+s.Facet(field)]++
		}
	}
	f.requireFacets(want)
	require.Equal(f, "1", f.text("GET", "requests:facets:initialized"))
	for _, key := range f.keys() {
		if strings.HasPrefix(key, "requests") {
			f.requireTTL(key, -1)
		}
		require.False(f, strings.HasPrefix(key, "bwredis:reports:facet:") || key == "bwredis:reports:recount", key)
	}
}
