package resp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bwredis/bwredis/internal/frames"
)

func TestSyntaxErrorText(t *testing.T) {
	t.Parallel()
	_, err := new(Scanner).Scan([]byte("*2\r\n:1\r\n$-2\r\nhunter2"))
	require.EqualError(t, err, `resp: invalid length of a bulk string at byte 8 of the reply: "$-2"`)
	require.EqualError(t, &SyntaxError{Offset: 3, Msg: "no"}, "resp: no at byte 3 of the reply")
	for _, c := range frames.All() {
		if _, err := scannerFor(c).Scan([]byte(c.Bytes)); err != nil {
			require.Less(t, len(err.Error()), 150, c.Name)
			require.NotContains(t, err.Error(), "\n")
		}
	}
}

// An excerpt shows what is wrong with a header, and nothing that could be a piece of a value.
func TestExcerpt(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"$-2\r\nhunter2\r\n":           `"$-2"`,
		"*1000000000000000\r\n":        `"*100000000000000"…`,
		"$12\n":                        `"$12"`,
		":12a45\r\n":                   `":12.45"`,
		"HTTP/1.1 400 Bad Request\r\n": `"H.../1.1 400 ..."…`,
		"\x15\x03\x03\x00\x02":         `"\x15\x03\x03\x00\x02"`,
		"SSH-2.0-OpenSSH\r\n":          `"S..-2.0-......."`,
		"hunter2 and more\r\n":         `"h.....2 ... ...."`,
		"+hunter2\n":                   `"+......2"`,
		"4711471147114711\r\n":         `"4711............"`,
		"-ERR é":                       `"-... .."`,
		"\xff\xfe":                     `"\xff."`,
		"x":                            `"x"`,
		"\r\n":                         `"\r"`,
		"":                             "",
	} {
		require.Equal(t, want, excerpt([]byte(line)), "%q", line)
	}
}

// A password that stands where a header should is not shown, wherever it begins.
func TestSyntaxErrorHidesLetters(t *testing.T) {
	t.Parallel()
	const password = "hunTer"
	for _, before := range []string{"", ":", "$", "*", "+", "-", "(", ",", "#", "_", "=", "!", "%", "~", ">", "|", ";", ".", "x", "$1\r\n", "*1\r\n", "*?\r\n", "$?\r\n", "\x00"} {
		for _, after := range []string{"\n", "\r\n", "\rx\n", strings.Repeat("x", 200)} {
			if _, err := (&Scanner{MaxFrame: 100}).Scan([]byte(before + password + after)); err != nil {
				require.NotContains(t, err.Error(), password[1:4], "%q", before)
			}
		}
	}
}
