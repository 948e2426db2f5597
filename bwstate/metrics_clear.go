package bwstate

import "github.com/bwredis/bwredis/resp"

// A metricsEraser deletes the keys that it has found, and in the same round trip looks for more.
type metricsEraser struct {
	worker  string
	scan    keyScan
	found   []string
	deletes bool
	deleted int64
	err     error
}

func newMetricsEraser(worker string) *metricsEraser {
	// No worker's name needs to be escaped.
	return &metricsEraser{worker: worker, scan: keyScan{pattern: "metrics:*:" + worker, count: metricsPage, cursor: "0"}}
}

func (op *metricsEraser) finished() bool { return op.scan.over && len(op.found) == 0 }

func (op *metricsEraser) reads() bool { return false }

func (op *metricsEraser) add(q *resp.Request) {
	op.deleted, op.err = 0, nil
	if op.deletes = len(op.found) > 0; op.deletes {
		q.Cmd("UNLINK").Args(op.found...)
	}
	if !op.scan.over {
		op.scan.add(q)
	}
}

// HandleReply takes how many were deleted, and then keys. Keys that were not deleted are tried again.
func (op *metricsEraser) HandleReply(i int, r *resp.Reply) error {
	if op.deletes && i == 0 {
		if op.deleted, op.err = r.Int(), r.Err(); op.err == nil {
			op.found = nil
		}
		return nil
	}
	keys, err := op.scan.read(r)
	if op.err == nil {
		op.err = err
	}
	for _, key := range keys {
		if m, ok := splitMetric(key, ""); ok && m.Worker == op.worker {
			op.found = append(op.found, key)
		}
	}
	return nil
}
