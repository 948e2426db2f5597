package bwstate

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever is stored is an entry that would be written the same, but for zeros in front of a number, or is refused.
func FuzzCacheEntry(f *testing.F) {
	for _, text := range []string{"v:", "v12:x", "n3:", "v999999999:x", "v1000000000:x", "v0:", "x:", "v", "", "v1", "v:1:2"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		kind, cost, value, ok := parseEntry(text)
		if !ok {
			require.Nil(t, value)
			return
		}
		again := appendEntry(nil, kind, cost, value)
		require.LessOrEqual(t, len(again), len(text))
		kind2, cost2, value2, ok := parseEntry(again)
		require.True(t, ok)
		require.Equal(t, min(cost, maxCost*time.Millisecond), cost2)
		require.Equal(t, kind, kind2)
		require.Equal(t, string(value), string(value2))
	})
}

// A list is what encoding/json takes for one of texts, or an empty object.
func FuzzNodeList(f *testing.F) {
	for _, text := range []string{"{}", "[]", `["a"]`, ` [ "a" , "b\n" ] `, `["a",1]`, `{"a":"b"}`, "null", `["\ud800"]`, `[[]]`, `["a"`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, ok := decodeList(text)
		var fields map[string]json.RawMessage
		if json.Unmarshal(text, &fields) == nil && fields != nil {
			require.Equal(t, len(fields) == 0, ok)
			return
		}
		var raw []json.RawMessage
		var want []string
		list := json.Unmarshal(text, &raw) == nil && raw != nil
		for _, item := range raw {
			var s *string
			list = list && json.Unmarshal(item, &s) == nil && s != nil
			if list {
				want = append(want, *s)
			}
		}
		require.Equal(t, list, ok)
		if ok && utf8.Valid(text) {
			require.Equal(t, want, got)
		}
	})
}

func TestParseReverseScanKey(t *testing.T) {
	for key, want := range map[string]string{
		"plugin_reverse_scan_192.0.2.1:80":       "192.0.2.1:80",
		"plugin_reverse_scan_2001:db8::1:80":     "[2001:db8::1]:80",
		"plugin_reverse_scan_2001:db8:0:0::1:80": "", // nodes do not write it
		"plugin_reverse_scan_192.0.2.1:080":      "",
		"plugin_reverse_scan_192.0.2.1:65536":    "",
		"plugin_reverse_scan_192.0.2.1":          "",
		"plugin_reverse_scan_:80":                "",
		"rdns_192.0.2.1:80":                      "",
		"":                                       "",
	} {
		got, ok := ParseReverseScanKey(key)
		require.Equal(t, want != "", ok, key)
		if ok {
			require.Equal(t, netip.MustParseAddrPort(want), got)
			require.Equal(t, key, reverseScanKey(got))
		}
	}
}
