package bwstate

import (
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// adhoc is a request of one command, or a few, with the last reply as a value.
type adhoc struct {
	q resp.Request
	v resp.Value
}

var adhocs = sync.Pool{New: func() any { return new(adhoc) }}

// maxKeptRequest bounds, in bytes, the request buffers that are kept for later.
const maxKeptRequest = 64 << 10

func newAdhoc() *adhoc { return adhocs.Get().(*adhoc) }

func (op *adhoc) recycle() {
	op.reset()
	adhocs.Put(op)
}

// reset makes op ready for another request.
func (op *adhoc) reset() {
	op.v = resp.Value{}
	if len(op.q.Encoded()) > maxKeptRequest {
		op.q = resp.Request{}
	}
	op.q.Reset()
}

// HandleReply takes the reply; of several the last.
func (op *adhoc) HandleReply(_ int, r *resp.Reply) error {
	if err := r.Err(); err != nil {
		return err
	}
	op.v = r.Value()
	return r.Err()
}
