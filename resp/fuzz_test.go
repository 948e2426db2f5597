package resp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

const largestSeed = 1 << 10

// limitsOf turns two numbers into limits, 0 into the default ones.
func limitsOf(maxFrame uint16, maxDepth uint8) *Scanner {
	return &Scanner{MaxFrame: int(maxFrame), MaxDepth: int(maxDepth)}
}

// FuzzScan: however the bytes arrive, the result is the same; an accepted frame is within the input and the limits, the same bytes
// alone are the same frame, fewer are none, and a cursor goes through it to its very end.
func FuzzScan(f *testing.F) {
	for _, c := range frames {
		if len(c.bytes) <= largestSeed {
			f.Add([]byte(c.bytes), []byte{1, 2, 3}, uint16(c.frame), uint8(c.depth))
		}
	}
	f.Fuzz(func(t *testing.T, in, steps []byte, maxFrame uint16, maxDepth uint8) {
		n, err := scanIn(limitsOf(maxFrame, maxDepth), in)
		var cuts []int
		for cut := 0; len(steps) > 0 && cut < len(in); steps = steps[1:] {
			cuts = append(cuts, cut)
			cut += int(steps[0])
		}
		for _, cuts := range [][]int{cuts, byteByByte(in[:min(len(in), largestSeed)])} {
			nInParts, errInParts := scanIn(limitsOf(maxFrame, maxDepth), in, cuts...)
			require.Equal(t, n, nInParts)
			require.Equal(t, err, errInParts)
		}
		if err != nil {
			require.Zero(t, n)
			require.IsType(t, (*SyntaxError)(nil), err)
			require.Less(t, err.(*SyntaxError).Offset, len(in))
			return
		}
		require.LessOrEqual(t, n, len(in))
		if n == 0 {
			return
		}
		require.LessOrEqual(t, n, limitsOf(maxFrame, maxDepth).maxFrame())
		again, err := scanIn(limitsOf(maxFrame, maxDepth), in[:n:n])
		require.NoError(t, err)
		require.Equal(t, n, again)
		fewer, err := scanIn(limitsOf(maxFrame, maxDepth), in[:n-1])
		require.NoError(t, err)
		require.Zero(t, fewer)
		for _, read := range []func(r *Reply){(*Reply).Skip, func(r *Reply) { r.Value() }} {
			var r Reply
			r.Reset(in[:n:n])
			read(&r)
			requireEndOf(t, &r)
		}
	})
}

func requireEndOf(t testing.TB, r *Reply) {
	t.Helper()
	require.NoError(t, r.Err())
	require.Zero(t, r.Kind())
	require.Equal(t, len(r.buf), r.pos)
}

// FuzzReply: over any bytes at all, any sequence of methods ends, does not panic, and returns nothing but bytes of the frame, and does
// not write to them.
func FuzzReply(f *testing.F) {
	for i, c := range frames {
		if len(c.bytes) <= largestSeed {
			f.Add([]byte(c.bytes), []byte{byte(i), 6, byte(i + 1), 7, 12, 13})
		}
	}
	f.Fuzz(func(t *testing.T, in, ops []byte) {
		before := string(in)
		drive(t, in[:len(in):len(in)], ops)
		if n, _ := scanIn(new(Scanner), in); n > 0 {
			drive(t, in[:n:n], ops)
		}
		require.True(t, before == string(in))
	})
}

// FuzzRequest: what a server reads is what was asked for.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("\x00\x03SET\x01\x01k\x02\x05value\x00\x04PING\x03\x0812345678\x04\x08abcdefgh"))
	f.Add([]byte("\x00\x01A" + strings.Repeat("\x01\x01b", 120) + "\x00\x01B" + strings.Repeat("\x02\x00", 12)))
	f.Add([]byte("\x05\x02\r\n\x01\x03$1\r"))
	f.Fuzz(func(t *testing.T, script []byte) {
		var q Request
		q.Cmd("OTHER").Str("before")
		q.Reset()
		var want [][]string
		add := func(arg string) { want[len(want)-1] = append(want[len(want)-1], arg) }
		// The script is a sequence of: what to add, how many bytes, the bytes.
		for len(script) >= 2 {
			what, arg := script[0]%6, script[2:min(len(script), 2+int(script[1]))]
			script = script[2+len(arg):]
			if what == 0 || len(want) == 0 {
				q.Cmd(string(arg))
				want = append(want, []string{string(arg)})
				continue
			}
			var number [8]byte
			copy(number[:], arg)
			n := int64(binary.BigEndian.Uint64(number[:]))
			switch what {
			case 1:
				q.Str(string(arg))
				add(string(arg))
			case 2:
				q.Bytes(arg)
				add(string(arg))
			case 3:
				q.Int(n)
				add(strconv.FormatInt(n, 10))
			case 4:
				q.Float(float64(n) / 1024)
				add(strconv.FormatFloat(float64(n)/1024, 'g', -1, 64))
			case 5:
				args := strings.Split(string(arg), " ")
				q.Args(args...)
				want[len(want)-1] = append(want[len(want)-1], args...)
			}
		}
		require.Equal(t, len(want), q.Len())
		require.Equal(t, want, commandsOf(t, q.Encoded()))
	})
}

// FuzzValue: the Scanner and the Reply agree with a decoder that follows the grammar.
func FuzzValue(f *testing.F) {
	for _, c := range frames {
		if len(c.bytes) <= largestSeed {
			f.Add([]byte(c.bytes), uint16(c.frame), uint8(c.depth))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, maxFrame uint16, maxDepth uint8) {
		s := limitsOf(maxFrame, maxDepth)
		n, err := scanIn(s, in)
		want, wantN, outcome := slowDecode(string(in), s.maxFrame(), s.maxDepth())
		require.Equal(t, outcome == slowInvalid, err != nil, "%q: %v", outcome, err)
		require.Equal(t, wantN, n)
		if n == 0 {
			return
		}
		var r Reply
		r.Reset(in[:n:n])
		got := r.Value()
		requireEndOf(t, &r)
		require.Equal(t, want, got)
		require.Equal(t, want.String(), got.String())
		require.NotContains(t, got.String(), "\n")
		r.Reset(in[:n:n])
		require.Equal(t, want, readWhole(t, &r))
		for key, val := range got.Pairs() {
			_, _ = key.Text()
			_, _ = val.Float()
		}
	})
}

// FuzzErrorText: no argument that a server puts into quotes is shown, whatever is in it; and what is shown is one line.
func FuzzErrorText(f *testing.F) {
	forms := []string{
		"ERR Syntax error in HELLO option '%s'",
		"ERR unknown command `AUTH`, with args beginning with: `x` `%s` ",
		"ERR unknown command 'AUTH', with args beginning with: %s",
		"ERR Error in ACL SETUSER modifier '%s': Syntax error",
		"ERR Invalid argument '%s' for SENTINEL SET 'auth-pass'",
		"ERR Invalid argument \"%s\" for the 'config|set' command",
	}
	for i, around := range [][2]string{
		{"", ""},
		{"hun'", "'ter"},
		{"a' command '", ""},
		{"", "' command"},
		{"'\"`", "`\"'"},
		{"it's ", ""},
		{"x' run the '", "' command"},
		{"\r\n\x1b", "\xff"},
		{strings.Repeat("x", 250), ""},
	} {
		f.Add(uint8(i), around[0], around[1])
	}
	f.Fuzz(func(t *testing.T, form uint8, before, after string) {
		const password = "hunter2"
		shown := (&Error{Message: fmt.Sprintf(forms[int(form)%len(forms)], before+password+after)}).Error()
		require.NotContains(t, shown, password)
		require.NotContains(t, shown, "\n")
		require.NotContains(t, shown, "\x1b")
		require.LessOrEqual(t, len(shown), len("redis: ")+maxShown+utf8.UTFMax+len("…"))
	})
}
