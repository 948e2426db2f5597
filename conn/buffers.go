package conn

import (
	"math/bits"
	"sync"
)

// Large replies come in a row, and so do large requests: fresh memory for each would cost more than receiving or sending it. What a reader, or what is to be written, has
// grown to is left behind here for the next one, of any connection, and for the garbage collector, which empties a sync.Pool by and by. Nothing is ever allocated for being
// announced.

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

// worthLeaving is how many bytes of requests are worth a buffer that was left: fewer are allocated sooner.
const worthLeaving = 4 << 10

// appendPending appends a request to those that are to be written. Where they outgrow their buffer, they move to one that was left.
func appendPending(out, request []byte) []byte {
	size := len(out) + len(request)
	if size <= cap(out) || size <= worthLeaving {
		return append(out, request...)
	}
	larger := leftBuffer(size)
	if larger == nil {
		larger = make([]byte, 1<<bits.Len(uint(size-1))) // a whole class, so that whoever comes next finds room
	}
	n := copy(larger, out)
	if cap(out) > worthLeaving {
		leaveBuffer(out[:cap(out)])
	}
	return append(larger[:n], request...)
}
