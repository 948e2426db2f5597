package frames

import (
	"strconv"
	"strings"
)

// The defaults of the codec, written down a second time on purpose.
const (
	defaultFrame = 64 << 20
	defaultDepth = 128
)

// What rows have in common.
var (
	hundred = strings.Repeat("x", 100)
	overMax = "reply over the limit of " + strconv.Itoa(defaultFrame) + " bytes"
	tooDeep = "nested deeper than " + strconv.Itoa(defaultDepth) + " levels"
	overInt = map[int]string{32: "invalid", 64: overMax}[strconv.IntSize] // of what an int of 64 bits can just hold
)

// nestedIn returns a node inside so many arrays.
func nestedIn(depth int, inner Node) Node {
	for range depth {
		inner = Agg('*', inner)
	}
	return inner
}
