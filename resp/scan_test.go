package resp

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

// scanIn scans b as it arrives when it is cut at the given offsets. The slices have no room behind what arrived,
// so that a read beyond it panics.
func scanIn(s *Scanner, b []byte, cuts ...int) (n int, err error) {
	for _, cut := range append(cuts, len(b)) {
		if n, err = s.Scan(b[:cut:cut]); n != 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

func byteByByte(b []byte) (cuts []int) {
	for i := range b {
		cuts = append(cuts, i)
	}
	return cuts
}

func requireOutcome(t *testing.T, c frames.Frame, n int, err error) {
	t.Helper()
	switch {
	case c.Err != "":
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax)
		require.Contains(t, syntax.Msg, c.Err)
		require.Equal(t, c.At, syntax.Offset)
		require.Zero(t, n)
	case c.More:
		require.NoError(t, err)
		require.Zero(t, n)
	default:
		require.NoError(t, err)
		require.Equal(t, len(c.Bytes), n)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.All(), func(t *testing.T, c frames.Frame) {
		n, err := scanIn(scannerFor(c), []byte(c.Bytes))
		requireOutcome(t, c, n, err)
	})
}

func TestScanStopsBehindFrame(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.Whole(), func(t *testing.T, c frames.Frame) {
		for _, behind := range []string{"\x00", "\r\n", ":1", c.Bytes} {
			n, err := scannerFor(c).Scan([]byte(c.Bytes + behind))
			requireOutcome(t, c, n, err)
		}
	})
}

func TestScanEverySplit(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.All(), func(t *testing.T, c frames.Frame) {
		b := []byte(c.Bytes)
		b = b[:min(len(b), 1<<10)] // of the large hostile frames the beginning says all
		for cut := range b {
			n, err := scanIn(scannerFor(c), b, cut)
			requireOutcome(t, c, n, err)
		}
		n, err := scanIn(scannerFor(c), b, byteByByte(b)...)
		requireOutcome(t, c, n, err)
	})
}

func TestScanStream(t *testing.T) {
	t.Parallel()
	var stream []byte
	var lengths []int
	for _, c := range frames.Whole() {
		if c.ByDefault() {
			stream = append(stream, c.Bytes...)
			lengths = append(lengths, len(c.Bytes))
		}
	}
	for _, step := range []int{1, 2, 7, 64, len(stream)} {
		var s Scanner
		var got []int
		start := 0
		for end := 0; end < len(stream); {
			end = min(end+step, len(stream))
			for start < end {
				n, err := s.Scan(stream[start:end:end])
				require.NoError(t, err)
				if n == 0 {
					break
				}
				got = append(got, n)
				start += n
			}
		}
		require.Equal(t, lengths, got, "arriving %d bytes at a time", step)
	}
}

// What a Scan has looked at may be overwritten without a change to the result, but for the beginning of an unfinished value: so
// scanning a reply that trickles in is not quadratic.
func TestScanLooksOnce(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 1<<18)
	for name, frame := range map[string]string{
		"line":  "+" + large + "\r\n",
		"bulk":  "$262144\r\n" + large + "\r\n",
		"array": "*32768\r\n" + strings.Repeat(":12345\r\n", 32768),
		"mixed": "*3\r\n+" + large + "\r\n%1\r\n$3\r\nabc\r\n-" + large + "\r\n$262144\r\n" + large + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s Scanner
			buf := []byte(frame)
			for end, pos := 2, 0; end < len(buf); end++ {
				if n, err := s.Scan(buf[:end:end]); n != 0 || err != nil {
					t.Fatalf("with %d of %d bytes: %d, %v", end, len(buf), n, err)
				}
				for ; pos < s.pos; pos++ {
					buf[pos] = '\n'
				}
				again := maxHeader
				if buf[pos] == '+' || buf[pos] == '-' {
					again = 1
				}
				if end-2 >= pos+again { // the byte that came last may be half of a CRLF
					buf[end-2] = '\n'
				}
			}
			n, err := s.Scan(buf)
			require.NoError(t, err)
			require.Equal(t, len(buf), n)
		})
	}
}

func TestScanAfterReset(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.All(), func(t *testing.T, c frames.Frame) {
		s := scannerFor(c)
		for _, begun := range []string{c.Bytes[:len(c.Bytes)/2], c.Bytes, "*2\r\n*2\r\n+be", "x"} {
			_, _ = s.Scan([]byte(begun))
			s.Reset()
			n, err := s.Scan([]byte(c.Bytes))
			requireOutcome(t, c, n, err)
			s.Reset()
		}
	})
}

// Bytes that are not the ones of the call before are the caller's mistake, but nothing to panic about.
func TestScanShrinkingBuffer(t *testing.T) {
	t.Parallel()
	forEachFrame(t, frames.All(), func(t *testing.T, c frames.Frame) {
		s := scannerFor(c)
		for range 200 {
			at := rand.N(len(c.Bytes) + 1)
			require.NotPanics(t, func() { _, _ = s.Scan([]byte(c.Bytes[:at])) })
		}
	})
}

// However large the limit, counts that multiply are counted right.
func TestScanElementsDoNotOverflow(t *testing.T) {
	t.Parallel()
	s := &Scanner{MaxElements: math.MaxInt, MaxFrame: math.MaxInt}
	_, err := s.Scan([]byte(strings.Repeat("*"+strconv.Itoa(math.MaxInt/50)+"\r\n", 100)))
	var syntax *SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Contains(t, syntax.Msg, " elements")
}

// The memory of a reply that was nested deep is not kept for ever.
func TestScanLetsGoOfLevels(t *testing.T) {
	t.Parallel()
	s := &Scanner{MaxDepth: 1 << 20}
	_, err := s.Scan([]byte(strings.Repeat("*1\r\n", 10_000) + ":1\r\n"))
	require.NoError(t, err)
	require.LessOrEqual(t, cap(s.outer), maxKeptLevels)
}

func TestScanLimitsByDefault(t *testing.T) {
	t.Parallel()
	for _, s := range []*Scanner{{}, {MaxFrame: -1, MaxDepth: -1}} {
		require.Equal(t, 64<<20, s.maxFrame())
		require.Equal(t, 128, s.maxDepth())
	}
	s := &Scanner{MaxFrame: int(^uint(0) >> 1)}
	// The largest limit an int can say is lowered to one below which sums of lengths cannot overflow.
	for _, header := range []string{"%4611686018427387904\r\n", "*1537228672809129301\r\n", "$1152921504606846970\r\n", "%715827882\r\n"} {
		n, err := s.Scan([]byte(header))
		require.Zero(t, n)
		require.Equal(t, strconv.IntSize == 32 || len(header) > 13, err != nil, header)
		s.Reset()
	}
}
