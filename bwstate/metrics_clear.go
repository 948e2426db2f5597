package bwstate

import "github.com/bwredis/bwredis/resp"

// A metricsEraser deletes the keys that it has found, and in the same round trip looks for more.
type metricsEraser struct {
	worker  string
	cursor  string // "": there are no more keys
	found   []string
	deletes bool
	deleted int64
	err     error
}

func (op *metricsEraser) reads() bool { return false }

func (op *metricsEraser) add(q *resp.Request) {
	op.deleted, op.err = 0, nil
	if op.deletes = len(op.found) > 0; op.deletes {
		q.Cmd("UNLINK").Args(op.found...)
	}
	if op.cursor != "" {
		// No worker's name needs to be escaped.
		q.Cmd("SCAN").Str(op.cursor).Str("MATCH").Str("metrics:*:" + op.worker).Str("COUNT").Int(metricsPage)
	}
}

// HandleReply takes how many were deleted, and then keys.
func (op *metricsEraser) HandleReply(i int, r *resp.Reply) error {
	if op.deletes && i == 0 {
		if op.deleted, op.err = r.Int(), r.Err(); op.err == nil {
			op.found = nil
		}
		return nil
	}
	op.handleKeys(r)
	return nil
}

func (op *metricsEraser) handleKeys(r *resp.Reply) {
	var found []string
	cursor, err := readScan(r, func(key string) {
		if m, ok := splitMetric(key, ""); ok && m.Worker == op.worker {
			found = append(found, key)
		}
	})
	switch {
	case op.err != nil:
	case err != nil:
		op.err = err
	default:
		if cursor == "0" {
			cursor = ""
		}
		op.cursor, op.found = cursor, found
	}
}
