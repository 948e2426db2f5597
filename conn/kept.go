package conn

// maxKept bounds, in bytes, the buffers that outlive the request they grew for.
const maxKept = 64 << 10

// kept is copies of frames, for whoever comes for them later.
type kept struct {
	buf  []byte
	ends []int // where each frame ends in buf
}

func (k *kept) add(frame []byte) {
	k.buf = append(k.buf, frame...)
	k.ends = append(k.ends, len(k.buf))
}

// frame returns the i-th frame. It stays as it is while others are added.
func (k *kept) frame(i int) []byte {
	start := 0
	if i > 0 {
		start = k.ends[i-1]
	}
	return k.buf[start:k.ends[i]:k.ends[i]]
}

func (k *kept) len() int { return len(k.ends) }

// reset forgets all frames, and memory that was needed for once.
func (k *kept) reset() {
	scribble(k.buf)
	k.buf, k.ends = k.buf[:0], k.ends[:0]
	if cap(k.buf) > maxKept {
		k.buf = nil
	}
	if cap(k.ends) > maxKept/8 {
		k.ends = nil
	}
}

// dropFirst forgets the first n frames.
func (k *kept) dropFirst(n int) {
	at := k.ends[n-1]
	k.buf = k.buf[:copy(k.buf, k.buf[at:])]
	k.ends = k.ends[:copy(k.ends, k.ends[n:])]
	for i := range k.ends {
		k.ends[i] -= at
	}
}

// poison makes borrowed bytes unreadable after use, so that tests catch whoever kept them.
var poison = false

func scribble(b []byte) {
	if poison {
		for i := range b {
			b[i] = 0xDB
		}
	}
}
