package resp

import (
	"crypto/sha1"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every length around the ends of blocks, and a long one, has the sum that Go's own SHA-1 has.
func TestSHA1IsThatOfTheStandardLibrary(t *testing.T) {
	for n := range 200 {
		text := strings.Repeat("x", n) + "\x80\x00"
		require.Equal(t, sha1.Sum([]byte(text)), sha1Sum(text), n)
	}
	long := strings.Repeat("redis.call('GET', KEYS[1])\n", 9999)
	require.Equal(t, sha1.Sum([]byte(long)), sha1Sum(long))
}
