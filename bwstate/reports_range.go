package bwstate

import (
	"context"
	"crypto/sha256"

	"github.com/bwredis/bwredis/resp"
)

// reportsRange reads a part of the list, and how long it is: afterwards, or before.
type reportsRange struct {
	q            resp.Request
	from, to     int64
	lengthBefore bool
	elements     []string
	total        int64
	err          error
}

func (op *reportsRange) run(ctx context.Context, s *State) error {
	op.q.Reset()
	if err := s.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

func (op *reportsRange) add(q *resp.Request) {
	op.elements, op.total, op.err = op.elements[:0], 0, nil
	if op.lengthBefore {
		q.Cmd("LLEN").Str(reportsKey)
	}
	q.Cmd("LRANGE").Str(reportsKey).Int(op.from).Int(op.to)
	if !op.lengthBefore {
		q.Cmd("LLEN").Str(reportsKey)
	}
}

func (op *reportsRange) reads() bool { return true }

func (op *reportsRange) HandleReply(i int, r *resp.Reply) error {
	v := r.Value()
	if err := v.Err(); err != nil {
		if op.err == nil {
			op.err = err
		}
		return nil
	}
	if (i == 0) == op.lengthBefore {
		op.total, op.err = v.Int()
		return nil
	}
	for e := range v.All() {
		text, err := e.Text()
		if err != nil {
			op.err = err
			return nil
		}
		op.elements = append(op.elements, text)
	}
	return r.Err()
}

// recentIDs remember so many ids, the last ones.
type recentIDs struct {
	known map[string]struct{}
	ring  []string
	next  int
}

const (
	maxRecentIDs = 16384
	maxRecentID  = 64 // bytes; what is longer is no id of a node
)

// add reports whether id is none that is remembered.
func (r *recentIDs) add(id string) bool {
	if len(id) > maxRecentID {
		sum := sha256.Sum256([]byte(id))
		id = string(sum[:])
	}
	if _, known := r.known[id]; known {
		return false
	}
	if r.known == nil {
		r.known = make(map[string]struct{})
	}
	if len(r.ring) < maxRecentIDs {
		r.ring = append(r.ring, id)
	} else {
		delete(r.known, r.ring[r.next])
		r.ring[r.next] = id
		r.next = (r.next + 1) % maxRecentIDs
	}
	r.known[id] = struct{}{}
	return true
}
