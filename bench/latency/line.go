package latency

import (
	"io"
	"sync"
	"time"
)

// A line carries bytes in one direction, each for the same time. It takes whatever comes at once, so it does not limit how much passes in that time.
type line struct {
	delay time.Duration
	opens time.Time // nothing leaves earlier: the other side has not heard of the connection yet

	mu    sync.Mutex
	came  *sync.Cond
	queue []parcel
	ended bool // nothing follows
}

// A parcel is what was read at once, and when it arrives.
type parcel struct {
	due  time.Time
	data []byte
}

func newLine(delay time.Duration, opens time.Time) *line {
	l := &line{delay: delay, opens: opens}
	l.came = sync.NewCond(&l.mu)
	return l
}

// due is when what leaves at a time arrives.
func (l *line) due(leaves time.Time) time.Time {
	if leaves.Before(l.opens) {
		leaves = l.opens
	}
	return leaves.Add(l.delay)
}

// maxParcel is how much is read at once, in bytes.
const maxParcel = 64 << 10

// take reads until there is no more.
func (l *line) take(src io.Reader) {
	buf := make([]byte, maxParcel)
	for {
		n, err := src.Read(buf)
		now := time.Now()
		l.mu.Lock()
		if n > 0 {
			l.queue = append(l.queue, parcel{l.due(now), append([]byte(nil), buf[:n]...)})
		}
		if err != nil {
			l.queue = append(l.queue, parcel{due: l.due(now)})
			l.ended = true
		}
		l.came.Signal()
		l.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// next waits until something has arrived. What has no data is the end.
func (l *line) next() parcel {
	l.mu.Lock()
	for len(l.queue) == 0 {
		if l.ended {
			l.mu.Unlock()
			return parcel{}
		}
		l.came.Wait()
	}
	p := l.queue[0]
	l.queue[0] = parcel{}
	l.queue = l.queue[1:]
	l.mu.Unlock()
	time.Sleep(time.Until(p.due))
	return p
}

// give writes what arrives, when it does, until the end.
func (l *line) give(dst io.Writer) error {
	for {
		p := l.next()
		if p.data == nil {
			return nil
		}
		if _, err := dst.Write(p.data); err != nil {
			return err
		}
	}
}
