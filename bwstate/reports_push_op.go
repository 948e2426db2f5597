package bwstate

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"sync"

	"github.com/bwredis/bwredis/resp"
)

// reportsPush is one step of Push.
type reportsPush struct {
	q     resp.Request
	limit int64
	keys  []string
	id    [32]byte // of a recount that may have to begin
	sum   hash.Hash
	// The elements one behind the other, and where each ends.
	text    []byte
	ends    []int
	scratch [sha256.Size]byte

	fresh, length, surplus int64
	recount                string // that is to be gone on with; "": none
	err                    error
}

var reportsPushes = sync.Pool{New: func() any { return &reportsPush{sum: sha256.New()} }}

func newReportsPush(limit int64) *reportsPush {
	op := reportsPushes.Get().(*reportsPush)
	op.limit = limit
	return op
}

func (op *reportsPush) recycle() {
	if len(op.q.Encoded())+cap(op.text) > 4*maxKeptRequest {
		return
	}
	op.q.Reset()
	clear(op.keys)
	*op = reportsPush{q: op.q, keys: op.keys[:0], sum: op.sum, text: op.text[:0], ends: op.ends[:0]}
	reportsPushes.Put(op)
}

// fill takes as many reports as one step may push, and returns how many.
func (op *reportsPush) fill(reports []Report) (n int) {
	op.text, op.ends = op.text[:0], op.ends[:0]
	op.sum.Reset()
	for n < len(reports) && n < maxReportChunk {
		from := len(op.text)
		op.text = reports[n].encode(op.text)
		if n > 0 && len(op.text) > maxReportChunkBytes {
			break
		}
		op.ends = append(op.ends, len(op.text))
		_, _ = op.sum.Write(append(op.text[from:], 0)) // no element has a NUL
		n++
	}
	var room [64]byte
	batch := append(room[:0], reportBatchKey("")...)
	if n > 0 {
		batch = hex.AppendEncode(batch, op.sum.Sum(op.scratch[:0])[:16])
	}
	op.keys = append(append(op.keys[:0], reportScriptKeys...), string(batch))
	_, _ = rand.Read(op.scratch[:16]) // never fails
	hex.Encode(op.id[:], op.scratch[:16])
	return n
}

// run makes the step. It may be sent twice: a batch is pushed once, and the rest comes to the same.
func (op *reportsPush) run(ctx context.Context, s *State) error {
	op.q.Reset()
	op.q.MarkIdempotent()
	if err := s.run(ctx, &op.q, op); err != nil {
		return err
	}
	return op.err
}

// reportScriptKeys are those that all scripts of reports want.
var reportScriptKeys = func() (keys []string) {
	keys = []string{reportsKey, facetsMarkerKey}
	for _, f := range reportFields {
		keys = append(keys, facetKey(f))
	}
	keys = append(keys, recountKey)
	for _, f := range reportFields {
		keys = append(keys, recountFacetKey(f))
	}
	return append(keys, recountDoneKey)
}()

func (op *reportsPush) add(q *resp.Request) {
	op.fresh, op.length, op.surplus, op.recount, op.err = 0, 0, 0, "", nil
	q.Script(pushReportsScript.Script, op.keys...)
	q.Int(op.limit).Int(reportStep).Int(reportBatchTime.Milliseconds()).Bytes(op.id[:])
	from := 0
	for _, end := range op.ends {
		q.Bytes(op.text[from:end])
		from = end
	}
}

func (op *reportsPush) reads() bool { return false }

func (op *reportsPush) HandleReply(_ int, r *resp.Reply) error {
	if refused := r.ErrorReply(); refused != nil {
		op.err = refused
		return nil
	}
	if r.Array() != 5 {
		op.err = &ValueError{What: "answer of a script", Problem: "has another form"}
		return nil
	}
	op.fresh, op.length, op.surplus = r.Int(), r.Int(), r.Int()
	if left := r.Int(); left > 0 {
		op.recount = r.Text()
	}
	return r.Err()
}
