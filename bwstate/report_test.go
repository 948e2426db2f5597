package bwstate

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParseReportLimit(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "6": 6, "10k": 10_000, "10K": 10_000, " 1m ": 1_000_000, "007": 7, "1000m": 1_000_000_000, "0k": 0} {
		n, err := ParseReportLimit(text)
		require.NoError(t, err, text)
		require.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "k", "-1", "+1", "1.5k", "1k5", "10kk", "10 k", "0x10", "1001m", "99999999999999999999", "1_000"} {
		_, err := ParseReportLimit(text)
		var problem *ArgumentError
		require.ErrorAs(t, err, &problem, text)
		require.Equal(t, "Limit", problem.Name)
	}
}

// What is in cjson.json was written and read by BunkerWeb's own cjson.
func TestJSONAsNodesReadIt(t *testing.T) {
	text, err := os.ReadFile("testdata/cjson.json")
	require.NoError(t, err)
	var golden struct {
		Decode []struct {
			Input, Type string
			OK          bool
			Again       string
		} `json:"decode"`
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.NotEmpty(t, golden.Decode)
	kinds := map[string]luaKind{"table": isTable, "string": isString, "number": isNumber, "null": isNull, "boolean": isBool}
	for _, c := range golden.Decode {
		var got luaValue
		ok := luaObject([]byte(`{"v":`+c.Input+"}"), func(_ []byte, v luaValue) { got = v })
		require.Equal(t, c.OK, ok, "%q", c.Input)
		if !c.OK {
			continue
		}
		require.Equal(t, kinds[c.Type], got.kind, "%q", c.Input)
		if got.kind == isNumber && !math.IsNaN(got.number) {
			require.Equal(t, c.Again, string(appendG14(nil, got.number)), "%q", c.Input)
		}
	}
}

func TestNumbersAsLuaWritesThem(t *testing.T) {
	for f, want := range map[float64]string{
		403: "403", 1e14: "1e+14", 99999999999999: "99999999999999", 1795404591.123456: "1795404591.1235", 1e-7: "1e-07", 0.0001: "0.0001", 0.00001: "1e-05",
		1.0 / 3: "0.33333333333333", -2.5: "-2.5", 0: "0", math.Inf(1): "inf", math.Inf(-1): "-inf", math.NaN(): "nan", 1.2345678901234567e17: "1.2345678901235e+17",
		999999999999995: "1e+15", 5e-324: "4.9406564584125e-324",
	} {
		require.Equal(t, want, string(appendG14(nil, f)))
	}
}

func TestRecentIDsAreBounded(t *testing.T) {
	var seen recentIDs
	for i := range 3 * maxRecentIDs {
		require.True(t, seen.add(strconv.Itoa(i)))
		require.False(t, seen.add(strconv.Itoa(i)))
	}
	require.Len(t, seen.known, maxRecentIDs)
	require.Len(t, seen.ring, maxRecentIDs)
	require.True(t, seen.add("0"), "forgotten")
	long := strings.Repeat("x", 1000)
	require.True(t, seen.add(long))
	require.False(t, seen.add(long))
}

func TestReportIDs(t *testing.T) {
	one, two := NewReportID(), NewReportID()
	require.True(t, isReportID(one))
	require.NotEqual(t, one, two)
	for _, id := range []string{"", one[1:], one + "0", strings.ToUpper(one[:31]) + "G", one[:31] + "A"} {
		require.False(t, isReportID(id), id)
	}
}

// Whatever is in the list: reading it neither panics nor takes it for a whole report when that could not be written again as it is.
func FuzzReport(f *testing.F) {
	whole := Report{ID: NewReportID(), Date: time.UnixMilli(1795404591367), IP: "1.2.3.4", Status: 403, URL: "/é\"\\/", Data: json.RawMessage(`{"a":[1,"x"]}`)}
	for _, seed := range []string{
		string(whole.encode(nil)), "", "not json", "42", `{"status":403.0}`, `{"status":"403","ip":true}`, `{"url":"\ud83d\ude00\u0000"}`, "{\"url\":\"\xff\"}", `{"status":0x1p-3,"date":"1e3"}`,
		`{"date":inf,"id":null}`, `{"a":[[[{"b":[]}]]]}`, "{}\x00{", `{"date":1e-400}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, element string) {
		s := decodeReport(element)
		texts, ok := facetsOf([]byte(element))
		if ok == s.Foreign {
			t.Fatal("one reader takes for foreign what another counts")
		}
		if s.Foreign {
			return
		}
		for i, field := range reportFields {
			if got := s.Facet(field); got != texts[i] || got == "" {
				t.Fatalf("%s: %q and %q", field, got, texts[i])
			}
		}
		if json.Valid([]byte(element)) && s.Data != nil && !json.Valid(s.Data) {
			t.Fatal("Data is no JSON")
		}
		if s.Problem != nil || s.check() != nil {
			return
		}
		again := decodeReport(string(s.encode(nil)))
		if again.Problem != nil {
			t.Fatalf("what was written again: %v", again.Problem)
		}
		for _, field := range reportFields {
			if got, want := again.Facet(field), s.Facet(field); got != want && strings.ToValidUTF8(want, "\uFFFD") != got && field != FieldStatus {
				t.Fatalf("%s was %q, and is %q", field, want, got)
			}
		}
	})
}
