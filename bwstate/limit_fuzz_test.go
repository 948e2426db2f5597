package bwstate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is JSON and a list of numbers is read as encoding/json reads it; what is read can be written and read again; and nothing panics. That servers read the same is
// what the integration tests compare.
func FuzzStamps(f *testing.F) {
	for _, seed := range []string{
		"[]", "{}", "[1700000000]", " [1, 2.5e3,-0 ] ", `{"a":[1,{"b":"\u00e9\ud83d\ude00"}]}`, "[nan,inf,-Infinity,0x1p3,+01,1.]", "[1]\x00x", "[\x00", `["1"]`, "[1,]",
		strings.Repeat("[", 1001), `{"a":` + strings.Repeat("[", 999) + strings.Repeat("]", 999) + "}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		stamps, ok := readStamps(text)
		var list []float64
		var elements []any
		if json.Unmarshal([]byte(text), &elements) == nil && elements != nil && json.Unmarshal([]byte(text), &list) == nil && allNumbers(elements) {
			require.True(t, ok, "%q", text)
			require.Equal(t, len(list), len(stamps))
			require.True(t, slices.Equal(list, stamps), "%q", text)
		}
		if !ok {
			return
		}
		for _, n := range stamps {
			if math.IsNaN(n) || math.IsInf(n, 0) {
				return
			}
		}
		written := string(appendStamps(nil, stamps))
		again, ok := readStamps(written)
		require.True(t, ok, written)
		require.Len(t, again, len(stamps))
		require.Equal(t, written, string(appendStamps(nil, again)), "14 digits stay the same")
		asC := make([]string, len(stamps))
		for i, n := range stamps {
			asC[i] = fmt.Sprintf("%.14g", n)
		}
		if len(stamps) > 0 {
			require.Equal(t, "["+strings.Join(asC, ",")+"]", written, "as C writes it")
		}
	})
}

func allNumbers(elements []any) bool {
	for _, e := range elements {
		if _, ok := e.(float64); !ok {
			return false
		}
	}
	return true
}

// A quota's value is a number of at most 16 digits, or that with a fraction behind it; and what is written of one is read.
func FuzzQuotaValue(f *testing.F) {
	for _, seed := range []string{"0", "1700000000123456", "1700000000123456+2/7", "1+", "+1/2", "1+1/", "12345678901234567", "1+99999999999999999999/3", "5x", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, parts, ok := quotaValue(text)
		if !ok {
			return
		}
		require.LessOrEqual(t, len(text), 50)
		require.GreaterOrEqual(t, at.whole, int64(0))
		require.Less(t, at.whole, int64(10_000_000_000_000_000))
		require.GreaterOrEqual(t, at.part, int64(0))
		require.Equal(t, strings.Contains(text, "+"), strings.Contains(text, "/"))
		require.Empty(t, strings.Trim(text, "0123456789+/"))
		again := strconv.FormatInt(at.whole, 10)
		if strings.Contains(text, "+") {
			again += "+" + strconv.FormatInt(at.part, 10) + "/" + strconv.FormatInt(parts, 10)
		}
		same, sameParts, ok := quotaValue(again)
		require.True(t, ok)
		require.Equal(t, at, same)
		require.Equal(t, parts, sameParts)
	})
}
