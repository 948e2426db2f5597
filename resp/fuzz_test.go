package resp

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

const largestSeed = 1 << 10

// limitsOf turns three numbers into limits, 0 into the default ones.
func limitsOf(maxFrame uint16, maxDepth, maxElements uint8) *Scanner {
	return &Scanner{MaxFrame: int(maxFrame), MaxDepth: int(maxDepth), MaxElements: int(maxElements)}
}

// withoutExcerpt leaves out of a SyntaxError what depends on how much has come.
func withoutExcerpt(err error) error {
	if e, ok := err.(*SyntaxError); ok {
		return &SyntaxError{Offset: e.Offset, Msg: e.Msg}
	}
	return err
}

// FuzzScan: however the bytes arrive, the result is the same; an accepted frame is within the input and the limits, the same bytes
// alone are the same frame, fewer are none, and a cursor goes through it to its very end.
func FuzzScan(f *testing.F) {
	for _, c := range frames.All() {
		if len(c.Bytes) <= largestSeed {
			f.Add([]byte(c.Bytes), []byte{1, 2, 3}, uint16(c.MaxFrame), uint8(c.MaxDepth), uint8(c.MaxElements))
		}
	}
	f.Fuzz(func(t *testing.T, in, steps []byte, maxFrame uint16, maxDepth, maxElements uint8) {
		var n int
		var err error
		used := allocated(func() { n, err = scanIn(limitsOf(maxFrame, maxDepth, maxElements), in) })
		require.LessOrEqual(t, used, uint64(64<<10), "a Scanner needs no more memory than its levels")
		var cuts []int
		for cut := 0; len(steps) > 0 && cut < len(in); steps = steps[1:] {
			cuts = append(cuts, cut)
			cut += int(steps[0])
		}
		for _, cuts := range [][]int{cuts, byteByByte(in[:min(len(in), largestSeed)])} {
			nInParts, errInParts := scanIn(limitsOf(maxFrame, maxDepth, maxElements), in, cuts...)
			require.Equal(t, n, nInParts)
			require.Equal(t, withoutExcerpt(err), withoutExcerpt(errInParts))
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
		require.LessOrEqual(t, n, limitsOf(maxFrame, maxDepth, maxElements).maxFrame())
		again, err := scanIn(limitsOf(maxFrame, maxDepth, maxElements), in[:n:n])
		require.NoError(t, err)
		require.Equal(t, n, again)
		fewer, err := scanIn(limitsOf(maxFrame, maxDepth, maxElements), in[:n-1])
		require.NoError(t, err)
		require.Zero(t, fewer)
		for _, read := range []func(r *Reply){(*Reply).Skip, func(r *Reply) { r.Value() }} {
			var r Reply
			r.Reset(in[:n:n])
			read(&r)
			requireAtEnd(t, &r)
		}
	})
}

// FuzzReply: over any bytes at all, any sequence of methods ends, does not panic, and returns nothing but bytes of the frame, and does
// not write to them.
func FuzzReply(f *testing.F) {
	for i, c := range frames.All() {
		if len(c.Bytes) <= largestSeed {
			f.Add([]byte(c.Bytes), []byte{byte(i), 6, byte(i + 1), 7, 12, 13})
		}
	}
	f.Fuzz(func(t *testing.T, in, ops []byte) {
		before := string(in)
		used := allocated(func() {
			drive(t, in[:len(in):len(in)], ops)
			if n, _ := scanIn(new(Scanner), in); n > 0 {
				drive(t, in[:n:n], ops)
			}
		})
		// Each method returns or shows the frame once at the most; what is shown is quoted, and put together in a buffer that doubles.
		calls := 2 * (len(ops) + len(in)/minValue + 8)
		require.LessOrEqual(t, used, uint64(64<<10+calls*(16*len(in)+1<<10)))
		require.True(t, before == string(in))
	})
}

// FuzzRequest: what a server reads is what was asked for.
func FuzzRequest(f *testing.F) {
	f.Add([]byte("\x00\x03SET\x01\x01k\x02\x05value\x00\x04PING\x03\x0812345678\x04\x08abcdefgh"))
	f.Add([]byte("\x00\x01A" + strings.Repeat("\x01\x01b", 120) + "\x00\x01B" + strings.Repeat("\x02\x00", 12)))
	f.Add([]byte("\x05\x02\r\n\x01\x03$1\r"))
	f.Fuzz(func(t *testing.T, script []byte) {
		length := len(script)
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
				x := float64(n) / 1024
				q.Float(x)
				format := byte('g')
				if x == math.Trunc(x) { // a whole number, of which all digits are written: none here has more than 16
					format = 'f'
				}
				add(strconv.FormatFloat(x, format, -1, 64))
			case 5:
				args := strings.Split(string(arg), " ")
				q.Args(args...)
				want[len(want)-1] = append(want[len(want)-1], args...)
			}
		}
		require.Equal(t, len(want), q.Len())
		require.Equal(t, want, commandsOf(t, q.Encoded()))
		longest := len("$20\r\n-9223372036854775808\r\n")
		require.LessOrEqual(t, cap(q.buf), 1<<10+2*longest*(length+1), "what is encoded takes no more than a buffer that doubles")
	})
}

// FuzzValue: the Scanner, the Reply and the Value agree with a decoder that follows the grammar.
func FuzzValue(f *testing.F) {
	for _, c := range frames.All() {
		if len(c.Bytes) <= largestSeed {
			f.Add([]byte(c.Bytes), uint16(c.MaxFrame), uint8(c.MaxDepth), uint8(c.MaxElements))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, maxFrame uint16, maxDepth, maxElements uint8) {
		s := limitsOf(maxFrame, maxDepth, maxElements)
		limits := frames.Limits{MaxFrame: s.maxFrame(), MaxDepth: s.maxDepth(), MaxElements: s.MaxElements}
		want, length, outcome := frames.Decode(string(in), limits)
		n, err := scanIn(s, in)
		require.Equal(t, outcome == frames.Invalid, err != nil, "%q: %v", outcome, err)
		require.Equal(t, length, n)
		if n == 0 {
			return
		}
		var r Reply
		r.Reset(in[:n:n])
		require.Equal(t, want, nodeFrom(t, &r))
		requireAtEnd(t, &r)
		r.Reset(in[:n:n])
		var v Value
		require.LessOrEqual(t, allocated(func() { v = r.Value() }), ceiling(n))
		requireAtEnd(t, &r)
		require.Equal(t, want.Bare(), nodeOf(t, v))
		require.NotContains(t, v.String(), "\n")
		for key, val := range v.Pairs() {
			_, _ = key.Text()
			_, _ = val.Float()
		}
	})
}

// FuzzAppend: what the server's half writes, plain and streamed, is what the client's half reads.
func FuzzAppend(f *testing.F) {
	for _, c := range frames.Whole() {
		if len(c.Bytes) <= largestSeed {
			f.Add([]byte(c.Bytes))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		want, _, outcome := frames.Decode(string(in), frames.Limits{MaxFrame: DefaultMaxFrame, MaxDepth: DefaultMaxDepth})
		if outcome != "" {
			return
		}
		require.Equal(t, want.Encode(2), string(appendNode(nil, want, 2)))
		var plain, inStreams []byte
		used := allocated(func() { plain, inStreams = appendNode(nil, want, 3), appendStreamed(nil, want) })
		require.LessOrEqual(t, used, uint64(64<<10+4*(cap(plain)+cap(inStreams))), "two buffers that double")
		for _, frame := range [][]byte{plain, inStreams} {
			n, err := new(Scanner).Scan(frame)
			require.NoError(t, err)
			require.Equal(t, len(frame), n)
			r := replyTo(string(frame))
			require.Equal(t, want, nodeFrom(t, r))
			requireAtEnd(t, r)
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
		"ERR unknown subcommand '%s'. Try CLIENT HELP.",
		"NOPERM User default has no permissions to run the '%s' command",
		"ERR unknown command `%s`, with args beginning with: ",
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
		const password = "hunter 2" // which is no name: names of commands are shown
		e := &Error{Message: fmt.Sprintf(forms[int(form)%len(forms)], before+password+after)}
		var shown string
		require.LessOrEqual(t, allocated(func() { shown = e.Error() }), uint64(64<<10))
		require.NotContains(t, shown, password)
		require.NotContains(t, shown, "\n")
		require.NotContains(t, shown, "\x1b")
		require.LessOrEqual(t, len(shown), len("redis: ")+maxShown+utf8.UTFMax+len("…"))
	})
}
