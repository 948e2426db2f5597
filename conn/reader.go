package conn

import "github.com/bwredis/bwredis/resp"

// Sizes of the read buffer, in bytes. It starts small and grows while a reply needs it.
const (
	firstRead  = 4 << 10
	sharedRead = 32 << 10 // grown to when replies of many callers arrive together; the most that an idle connection keeps
	largeRead  = 64 << 10 // smallest buffer that is large: kept apart, and given up when nearly empty
)

// A reader cuts arriving bytes into frames. It belongs to the leader.
//
//	buf: … consumed … [start] … unread … [end] … free …
type reader struct {
	buf        []byte
	small      []byte // the buffer to go back to while buf is a large one
	start, end int
	full       bool // the last read left no room: more is waiting, likely
	scanner    resp.Scanner
}

// frame returns the first complete frame, borrowed until consume, or nil when more bytes are needed.
func (r *reader) frame() ([]byte, error) {
	if r.start == r.end {
		return nil, nil
	}
	n, err := r.scanner.Scan(r.buf[r.start:r.end])
	if err != nil || n == 0 {
		return nil, err
	}
	return r.buf[r.start : r.start+n : r.start+n], nil
}

// consume gives back a frame.
func (r *reader) consume(frame []byte) {
	scribble(frame)
	r.start += len(frame)
	if r.start < r.end {
		return
	}
	r.start, r.end = 0, 0
	if len(r.buf) >= largeRead {
		r.become(r.small)
	}
}

// free returns room for the next read, at least a byte of it. The buffer grows only when what it held arrived.
func (r *reader) free() []byte {
	unread := r.end - r.start
	switch {
	case r.buf == nil:
		r.buf = make([]byte, firstRead)
	case len(r.buf) >= largeRead && r.start > 0 && unread < sharedRead/2:
		r.shrink()
	case r.full && len(r.buf) < sharedRead:
		r.become(make([]byte, sharedRead))
	case r.end < len(r.buf):
	case r.start > 0:
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	default:
		r.become(r.larger())
	}
	return r.buf[r.end:]
}

// shrink goes back to a small buffer that has room for what is unread.
func (r *reader) shrink() {
	small := r.small
	if len(small) < sharedRead {
		small = make([]byte, sharedRead)
	}
	r.become(small)
}

// larger returns a buffer of at least twice the size, out of those that large replies have left behind if possible. One of those may also be as large as the
// reply says it will be: it costs nothing that was not received once.
func (r *reader) larger() []byte {
	twice := 2 * len(r.buf)
	if need := r.scanner.Need(); need > twice {
		if b := leftBuffer(need); b != nil {
			return b
		}
	}
	if b := leftBuffer(twice); b != nil {
		return b
	}
	return make([]byte, twice)
}

// become moves what is unread into another buffer, nil included when there is nothing.
func (r *reader) become(buf []byte) {
	old := r.buf
	r.end = copy(buf, old[r.start:r.end])
	r.start, r.buf = 0, buf
	if len(buf) < largeRead {
		r.small = nil
	} else if len(old) < largeRead {
		r.small = old
	}
	if len(old) >= largeRead {
		leaveBuffer(old)
	}
}

// filled counts n bytes read into what free returned.
func (r *reader) filled(n int) {
	r.end += n
	r.full = r.end == len(r.buf)
}
