package bwstate

import (
	"strconv"
	"time"

	"github.com/bwredis/bwredis/resp"
)

// cacheSet writes entries, and ends the loads of their keys, in one step for each: a large value is under way for a while, in which a load could begin and end.
type cacheSet struct {
	firstRefusal
	c      *Cache
	ttl    time.Duration
	keys   []string
	values []byte
	ends   []int // of each value
}

func (op *cacheSet) put(key string, value []byte) error {
	if err := checkCacheKey(key); err != nil {
		return err
	}
	if len(value) > maxCacheValue {
		return &ArgumentError{Name: "value", Problem: "is larger than 16 MiB"}
	}
	op.keys = append(op.keys, key)
	op.values = appendEntry(op.values, entryValue, 0, value)
	op.ends = append(op.ends, len(op.values))
	return nil
}

func (op *cacheSet) add(q *resp.Request) {
	op.err = nil
	begin := 0
	for i, key := range op.keys {
		q.Script(setEntryScript.Script, op.c.prefix+key, op.c.leases+key).Bytes(op.values[begin:op.ends[i]]).Int(op.c.lifetime(op.ttl))
		begin = op.ends[i]
	}
}

func (op *cacheSet) HandleReply(_ int, r *resp.Reply) error {
	op.take(r)
	return nil
}

// cacheDelete deletes entries, and ends the loads of their keys first.
type cacheDelete struct {
	firstRefusal
	c     *Cache
	keys  []string
	count int
}

func (op *cacheDelete) add(q *resp.Request) {
	op.err, op.count = nil, 0
	q.Cmd("DEL")
	for _, key := range op.keys {
		q.Str(op.c.leases + key)
	}
	for _, key := range op.keys {
		q.Cmd("DEL").Str(op.c.prefix + key)
	}
}

// HandleReply counts the entries, whose commands are behind that of the leases.
func (op *cacheDelete) HandleReply(i int, r *resp.Reply) error {
	if op.take(r) && i > 0 {
		op.count += int(r.Int())
	}
	return r.Err()
}

// Kinds of entries.
const (
	entryValue = 'v'
	entryNone  = 'n' // a load found nothing
)

// appendEntry appends what is stored: the kind, how many milliseconds the load took, a colon, the value.
func appendEntry(dst []byte, kind byte, cost time.Duration, value []byte) []byte {
	dst = append(dst, kind)
	if ms := cost.Milliseconds(); ms > 0 {
		dst = strconv.AppendInt(dst, min(ms, maxCost), 10)
	}
	dst = append(dst, ':')
	return append(dst, value...)
}

// maxCost bounds what an entry says of its load, in milliseconds.
const maxCost = 999_999_999

// parseEntry reads what appendEntry has written. value is a part of text.
func parseEntry(text []byte) (kind byte, cost time.Duration, value []byte, ok bool) {
	if len(text) < 2 || text[0] != entryValue && text[0] != entryNone {
		return 0, 0, nil, false
	}
	ms := 0
	for i, c := range text[1:min(len(text), 11)] {
		switch {
		case c == ':':
			return text[0], time.Duration(ms) * time.Millisecond, text[i+2:], true
		case c < '0' || c > '9':
			return 0, 0, nil, false
		}
		ms = 10*ms + int(c-'0')
	}
	return 0, 0, nil, false
}
