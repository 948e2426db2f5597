package conn

import "github.com/bwredis/bwredis/resp"

// Sizes of the read buffer, in bytes. It starts small, doubles while a reply needs it, and shrinks again.
const (
	firstRead  = 4 << 10
	sharedRead = 32 << 10 // grown to when replies of many callers arrive together
	largeRead  = 64 << 10 // larger buffers are given up when nearly empty
)

// A reader cuts arriving bytes into frames. It belongs to the leader.
//
//	buf: … consumed … [start] … unread … [end] … free …
type reader struct {
	buf        []byte
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
	if len(r.buf) > largeRead {
		r.buf = nil
	}
}

// free returns room for the next read, at least a byte of it. The buffer grows only when what it held arrived.
func (r *reader) free() []byte {
	unread := r.end - r.start
	switch {
	case r.buf == nil:
		r.buf = make([]byte, firstRead)
	case r.full && len(r.buf) < sharedRead, len(r.buf) > largeRead && r.start > 0 && unread < sharedRead/2:
		r.resize(sharedRead)
	case r.end < len(r.buf):
	case r.start > 0:
		r.end = copy(r.buf, r.buf[r.start:r.end])
		r.start = 0
	default:
		r.resize(2 * len(r.buf))
	}
	return r.buf[r.end:]
}

// resize moves what is unread into a buffer of another size.
func (r *reader) resize(size int) {
	buf := make([]byte, size)
	r.end = copy(buf, r.buf[r.start:r.end])
	r.start = 0
	r.buf = buf
}

// filled counts n bytes read into what free returned.
func (r *reader) filled(n int) {
	r.end += n
	r.full = r.end == len(r.buf)
}
