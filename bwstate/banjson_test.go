package bwstate

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// The texts that BunkerWeb's encoder made of some strings.
func TestStringsAreEncodedAsBunkerWebDoes(t *testing.T) {
	text, err := os.ReadFile("testdata/cjson_strings.json")
	require.NoError(t, err)
	var golden struct {
		Encode []struct{ Name, Output string }
	}
	require.NoError(t, json.Unmarshal(text, &golden))
	require.NotEmpty(t, golden.Encode)
	for _, c := range golden.Encode {
		var s string
		require.NoError(t, json.Unmarshal([]byte(c.Output), &s), c.Name)
		require.Equal(t, c.Output, string(appendJSONString(nil, s)), c.Name)
	}
	require.Equal(t, "x\"\xff\xc3\x28\"", string(appendJSONString([]byte("x"), "\xff\xc3\x28")))
}

func TestEveryByteIsEncodedReadably(t *testing.T) {
	for c := range rune(0x80) {
		encoded := appendJSONString(nil, string(c))
		var s string
		require.NoError(t, json.Unmarshal(encoded, &s), "%q", encoded)
		require.Equal(t, string(c), s)
	}
}

// No field may be missing and none null, or a reader fails.
func TestABanHasEveryField(t *testing.T) {
	b, err := Ban{IP: loopback, Permanent: true}.withDefaults(time.Unix(1_700_000_000, 999))
	require.NoError(t, err)
	require.JSONEq(t, `{"reason":"","service":"unknown","date":1700000000,"country":"unknown","ban_scope":"global","reason_data":{},"permanent":true}`,
		string(b.encode()))
}

func TestABanIsAsLongAsCanBeRead(t *testing.T) {
	b := Ban{IP: loopback, Permanent: true}
	op, err := newBanWrite(b)
	require.NoError(t, err)
	b.Reason = strings.Repeat("x", maxBanValue-len(op.value))
	op, err = newBanWrite(b)
	require.NoError(t, err)
	got := Ban{Scope: GlobalScope}
	got.decode(op.value)
	require.Equal(t, b.Reason, got.Reason)
	b.Reason += "x"
	_, err = newBanWrite(b)
	var e *ArgumentError
	require.ErrorAs(t, err, &e)
}

func TestDataThatEveryReaderReads(t *testing.T) {
	for _, data := range []string{
		`{}`, ` [] `, `[1e308,-0.5,12345678901234567890,1e-999]`, `["\ud83d\ude00\\ud83d","\"\\","\u0000é"]`, `["{[1e999"]`, `{"a\"1e999":[[],[],{}]}`,
		strings.Repeat("[", maxNesting) + strings.Repeat("]", maxNesting), "[" + strings.Repeat("[],", 200) + "[]]", `[0.` + strings.Repeat("1", maxNumberSize-2) + `]`,
	} {
		require.NoError(t, checkReasonData(json.RawMessage(data)), data)
	}
}

// FuzzReasonData looks for data that is accepted and comes back as other data, or is nested too deeply.
func FuzzReasonData(f *testing.F) {
	for _, data := range []string{`{}`, `["\ud83d\ude00"]`, `["\ud83d"]`, `[1e999]`, "[\"\xff\"]", `{"a":[1,{"b":"\\"}]}`, strings.Repeat("[", 101) + strings.Repeat("]", 101)} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if data == nil || checkReasonData(data) != nil {
			return
		}
		var value any
		require.NoError(t, json.Unmarshal(data, &value), "%q", data)
		var texts func(value any)
		texts = func(value any) {
			switch v := value.(type) {
			case string:
				require.True(t, !strings.Contains(v, "\ufffd") || strings.Contains(strings.ToLower(string(data)), `\ufffd`) || strings.Contains(string(data), "\ufffd"), "%q", data)
			case []any:
				for _, e := range v {
					texts(e)
				}
			case map[string]any:
				for k, e := range v {
					texts(k)
					texts(e)
				}
			}
		}
		texts(value)
	})
}

// FuzzBanDecode reads any value as a ban. What comes of it can be written again, and is then read as the same.
func FuzzBanDecode(f *testing.F) {
	for _, value := range []string{
		"bad behavior", "", "null", "42", `""`, "[]", "{}", `{"reason":null}`, `{"reason":1,"date":1.5}`, "\xff", `{"reason":"\ud800","country":"\xff"}`,
		`{"reason":"x","service":"y","date":1700000000,"country":"FR","ban_scope":"service","reason_data":[{"a":1}],"permanent":true}`,
		`{"reason":"x","reason_data":null}`, `{"reason":"x","reason_data":"y"}`, `{"reason":"x","date":1e999}`, `{"reason":"x","date":-1}`,
		strings.Repeat("[", 20_000), `{"reason":` + strings.Repeat("[", 20_000),
	} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		b := Ban{IP: loopback, Scope: GlobalScope}
		given := string(value)
		b.decode(value)
		require.Equal(t, given, string(value), "the value was changed")
		for i := range value {
			value[i] = 0xDB // whoever kept a part of it
		}
		again := b
		again.Permanent = true
		if checkReasonData(again.Data) != nil {
			again.Data = nil
		}
		again, err := again.withDefaults(time.Unix(1, 0))
		require.NoError(t, err)
		encoded := again.encode()
		require.True(t, json.Valid(encoded), "%q", encoded)
		got := Ban{IP: loopback, Scope: GlobalScope, Permanent: true}
		got.decode(encoded)
		require.True(t, utf8.Valid(encoded), "%q", encoded)
		again.Reason = string([]rune(again.Reason)) // each byte that is not UTF-8 is replaced
		if again.Data == nil {
			again.Data = json.RawMessage("{}")
		}
		require.Equal(t, again, got)
	})
}
