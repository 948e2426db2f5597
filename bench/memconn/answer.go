package memconn

import "bytes"

// blockSize is what Read can give in one copy, about: more than clients have room for.
const blockSize = 64 << 10

// An answer is a reply that is owed some number of times in a row.
type answer struct {
	block []byte // the reply, as many times as fit
	size  int    // of the reply
	pos   int    // in block
	left  int    // bytes
}

func repeat(reply []byte) answer {
	return answer{block: bytes.Repeat(reply, max(1, blockSize/len(reply))), size: len(reply)}
}

// read gives the next bytes, as many as b has room for.
func (a *answer) read(b []byte) (n int) {
	for n < len(b) && a.left > 0 {
		end := min(len(a.block), a.pos+a.left)
		copied := copy(b[n:], a.block[a.pos:end])
		n += copied
		a.left -= copied
		a.pos += copied
		if a.pos == len(a.block) {
			a.pos = 0
		}
	}
	return n
}
