package localstore

// elementOverhead is what an element of a list takes besides its bytes: up to two places in the ring, and what the allocator rounds up.
const elementOverhead = 48

// A list is a double-ended queue in a ring. The ring is never more than half empty, unless it is small, and grows and shrinks by so much that each push and pop
// costs a constant.
type list struct {
	ring []string
	head int // where the first element is
	n    int
}

// minRing is how many places a ring has at least.
const minRing = 4

func (l *list) len() int { return l.n }

// at returns the place of element i.
func (l *list) at(i int) *string {
	i += l.head
	if i >= len(l.ring) {
		i -= len(l.ring)
	}
	return &l.ring[i]
}

func (l *list) pushBack(s string) {
	l.grow()
	l.n++
	*l.at(l.n - 1) = s
}

func (l *list) pushFront(s string) {
	l.grow()
	l.head--
	if l.head < 0 {
		l.head += len(l.ring)
	}
	l.n++
	l.ring[l.head] = s
}

func (l *list) popBack() (s string) {
	p := l.at(l.n - 1)
	s, *p = *p, ""
	l.n--
	l.shrink()
	return s
}

func (l *list) popFront() (s string) {
	p := l.at(0)
	s, *p = *p, ""
	l.n--
	if l.head++; l.head == len(l.ring) {
		l.head = 0
	}
	l.shrink()
	return s
}

func (l *list) grow() {
	if l.n == len(l.ring) {
		l.resize(max(minRing, l.n+l.n/2))
	}
}

func (l *list) shrink() {
	if len(l.ring) > minRing && l.n < len(l.ring)/2 {
		l.resize(max(minRing, l.n+l.n/4))
	}
}

func (l *list) resize(places int) {
	ring := make([]string, places)
	if end := l.head + l.n; end <= len(l.ring) {
		copy(ring, l.ring[l.head:end])
	} else {
		n := copy(ring, l.ring[l.head:])
		copy(ring[n:], l.ring[:l.n-n])
	}
	l.ring, l.head = ring, 0
}

// removeEqual removes at most most elements that equal s, from the end when backwards, and returns how many.
func (l *list) removeEqual(s []byte, most int, backwards bool) (removed int) {
	kept := 0
	for i := range l.n {
		from, to := i, kept
		if backwards {
			from, to = l.n-1-i, l.n-1-kept
		}
		if p := l.at(from); removed < most && *p == string(s) {
			removed++
		} else {
			*l.at(to) = *p
			kept++
		}
	}
	for range removed { // what is left over is where nothing was kept
		if backwards {
			l.popFront()
		} else {
			l.popBack()
		}
	}
	return removed
}
