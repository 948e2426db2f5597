package conn

// A queue holds the calls of a connection, oldest first, as the server will answer them. Those whose callers left stay in it until they are
// answered. Everything here is guarded by Conn.mu.
type queue struct {
	head, tail *call
	first      *call // no call before it has a caller who waits; only ever moves back
}

func (q *queue) push(own *call) {
	own.prev = q.tail
	if q.tail == nil {
		q.head = own
	} else {
		q.tail.next = own
	}
	q.tail = own
	if q.first == nil {
		q.first = own
	}
}

func (q *queue) remove(own *call) {
	if q.first == own {
		q.first = own.next
	}
	if own.prev == nil {
		q.head = own.next
	} else {
		own.prev.next = own.next
	}
	if own.next == nil {
		q.tail = own.prev
	} else {
		own.next.prev = own.prev
	}
	own.prev, own.next = nil, nil
}

// nextWaiting returns the oldest call behind own whose caller still waits.
func (own *call) nextWaiting() *call {
	next := own.next
	for next != nil && next.left.Load() {
		next = next.next
	}
	return next
}

// waiting returns the oldest call whose caller still waits. However many have left, each is passed over once.
func (q *queue) waiting() *call {
	if q.first != nil && q.first.left.Load() {
		q.first = q.first.nextWaiting()
	}
	return q.first
}

// unsent returns the oldest call that is not written yet. Nobody leaves such a call behind, so there is none before the first that waits.
func (q *queue) unsent(sentSeq uint64) *call {
	own := q.waiting()
	for own != nil && own.seq < sentSeq {
		own = own.next
	}
	return own
}
