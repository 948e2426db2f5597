package conn

import (
	"math/bits"
	"sync"
)

// Large replies come in a row: fresh memory for each would cost more than receiving it. What a reader has grown to is left behind here for the next one, of
// any connection, and for the garbage collector, which empties a sync.Pool by and by. Nothing is ever allocated for being announced.

// leftBuffers holds buffers by their size: those of at least 1<<i bytes, and less than twice that.
var leftBuffers [bits.UintSize]sync.Pool // of *[]byte

// leaveBuffer gives a buffer up.
func leaveBuffer(b []byte) {
	scribble(b)
	leftBuffers[bits.Len(uint(len(b)))-1].Put(&b)
}

// leftBuffer returns a buffer of at least size bytes, but not of many times that, or nil.
func leftBuffer(size int) []byte {
	class := bits.Len(uint(size - 1)) // the smallest whose buffers are all large enough
	for i := class; i < min(class+2, len(leftBuffers)); i++ {
		if b, ok := leftBuffers[i].Get().(*[]byte); ok {
			return *b
		}
	}
	return nil
}
