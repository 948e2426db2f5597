package resp

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// converted holds what each conversion gives; nil: a TypeError, or the reply's own error.
type converted struct{ i, f, b, text any }

var conversions = []struct {
	frame string
	want  converted
}{
	{":7\r\n", converted{i: 7, f: 7.0, text: "7"}},
	{":1\r\n", converted{i: 1, f: 1.0, b: true, text: "1"}},
	{":0\r\n", converted{i: 0, f: 0.0, b: false, text: "0"}},
	{":+1\r\n", converted{i: 1, f: 1.0, b: true, text: "+1"}},
	{":-9223372036854775808\r\n", converted{i: int64(math.MinInt64), f: -9223372036854775808.0, text: "-9223372036854775808"}},
	{":999999999999999999\r\n", converted{i: int64(999999999999999999), f: 999999999999999999.0, text: "999999999999999999"}},
	{":-1234567890123456789\r\n", converted{i: int64(-1234567890123456789), f: -1234567890123456789.0, text: "-1234567890123456789"}},
	{"#t\r\n", converted{i: 1, b: true, text: "t"}},
	{"#f\r\n", converted{i: 0, b: false, text: "f"}},
	{"$2\r\n42\r\n", converted{i: 42, f: 42.0, text: "42"}},
	{"$1\r\n1\r\n", converted{i: 1, f: 1.0, text: "1"}},
	{"$?\r\n;1\r\n4\r\n;1\r\n2\r\n;0\r\n", converted{i: 42, f: 42.0, text: "42"}},
	{"$?\r\n;2\r\n42\r\n;0\r\n", converted{i: 42, f: 42.0, text: "42"}},
	{"+-5\r\n", converted{i: -5, f: -5.0, text: "-5"}},
	{"=6\r\ntxt:17\r\n", converted{i: 17, f: 17.0, text: "17"}},
	{"$3\r\n1.5\r\n", converted{f: 1.5, text: "1.5"}},
	{"$3\r\ninf\r\n", converted{f: math.Inf(1), text: "inf"}},
	{"$4\r\n-inf\r\n", converted{f: math.Inf(-1), text: "-inf"}},
	{"$3\r\n1e3\r\n", converted{f: 1000.0, text: "1e3"}},
	{"$4\r\n0x10\r\n", converted{text: "0x10"}},
	{"$2\r\n 1\r\n", converted{text: " 1"}},
	{"$19\r\n9223372036854775808\r\n", converted{f: 9223372036854775808.0, text: "9223372036854775808"}},
	{"$32\r\n" + strings.Repeat("0", 31) + "7\r\n", converted{i: 7, f: 7.0, text: strings.Repeat("0", 31) + "7"}},
	{"$33\r\n" + strings.Repeat("0", 32) + "7\r\n", converted{f: 7.0, text: strings.Repeat("0", 32) + "7"}},
	{"$1024\r\n" + strings.Repeat("0", 1023) + "7\r\n", converted{f: 7.0, text: strings.Repeat("0", 1023) + "7"}},
	{"(" + strings.Repeat("0", 1024) + "7\r\n", converted{text: strings.Repeat("0", 1024) + "7"}},
	{"$0\r\n\r\n", converted{text: ""}},
	{"+OK\r\n", converted{text: "OK"}},
	{",10\r\n", converted{i: 10, f: 10.0, text: "10"}}, // as the same answer in RESP2, $2 10
	{",1.5\r\n", converted{f: 1.5, text: "1.5"}},
	{",1e400\r\n", converted{f: math.Inf(1), text: "1e400"}},
	{",-1e400\r\n", converted{f: math.Inf(-1), text: "-1e400"}},
	{",1e-400\r\n", converted{f: 0.0, text: "1e-400"}},
	{",+inf\r\n", converted{f: math.Inf(1), text: "+inf"}},
	{"(12\r\n", converted{i: 12, f: 12.0, text: "12"}},
	{"(36893488147419103232\r\n", converted{f: 36893488147419103232.0, text: "36893488147419103232"}},
	{"_\r\n", converted{}},
	{"$-1\r\n", converted{}},
	{"*1\r\n:1\r\n", converted{}},
	{"%0\r\n", converted{}},
	{"*?\r\n.\r\n", converted{}},
	{"-ERR no\r\n", converted{}},
	{"|1\r\n+a\r\n+b\r\n:3\r\n", converted{i: 3, f: 3.0, text: "3"}},
	{"|1\r\n+a\r\n+b\r\n$1\r\n3\r\n", converted{i: 3, f: 3.0, text: "3"}},
}

func TestConversions(t *testing.T) {
	t.Parallel()
	for _, c := range conversions {
		t.Run(c.frame, func(t *testing.T) {
			t.Parallel()
			v := replyTo(c.frame).Value()
			check := func(want any, reply func(r *Reply) any, value func() (any, error)) {
				t.Helper()
				r := replyTo(c.frame)
				got := reply(r)
				fromValue, valueErr := value()
				if want == nil {
					require.Error(t, r.Err())
					require.Zero(t, got)
					require.Equal(t, r.Err(), valueErr)
					require.Zero(t, fromValue)
					return
				}
				require.EqualValues(t, want, got)
				requireAtEnd(t, r)
				require.NoError(t, valueErr)
				if want != "+1" { // a Value keeps an integer as a number
					require.EqualValues(t, want, fromValue)
				}
			}
			check(c.want.i, func(r *Reply) any { return r.Int() }, func() (any, error) { return v.Int() })
			check(c.want.f, func(r *Reply) any { return r.Float() }, func() (any, error) { return v.Float() })
			check(c.want.b, func(r *Reply) any { return r.Bool() }, func() (any, error) { return v.Bool() })
			check(c.want.text, func(r *Reply) any { return r.Text() }, func() (any, error) { return v.Text() })
			check(c.want.text, func(r *Reply) any { return string(r.AppendTo(nil)) }, func() (any, error) { return v.Text() })
		})
	}
}

func TestConvertNaN(t *testing.T) {
	t.Parallel()
	for _, frame := range []string{",nan\r\n", ",-nan\r\n", "$3\r\nnan\r\n"} {
		require.True(t, math.IsNaN(replyTo(frame).Float()))
		f, err := replyTo(frame).Value().Float()
		require.NoError(t, err)
		require.True(t, math.IsNaN(f))
	}
}
