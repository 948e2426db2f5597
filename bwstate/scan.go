package bwstate

import (
	"hash/maphash"
	"net/netip"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// A keyScan looks for keys, step by step.
type keyScan struct {
	pattern string
	count   int
	cursor  string // "0" at first
	over    bool

	names        []string // of the step at hand
	seen, before map[seenKey]struct{}
	seed         maphash.Seed
}

func (s *keyScan) add(q *resp.Request) {
	q.Cmd("SCAN").Str(s.cursor).Str("MATCH").Str(s.pattern).Str("COUNT").Int(int64(s.count))
}

// read returns the keys of a step, until the next one.
func (s *keyScan) read(r *resp.Reply) ([]string, error) {
	if e := r.ErrorReply(); e != nil {
		return nil, e
	}
	r.Array()
	cursor := r.Text()
	s.names = s.names[:0]
	for range r.Array() {
		s.names = append(s.names, r.Text())
	}
	if err := r.Err(); err != nil {
		return nil, err
	}
	s.cursor, s.over = cursor, cursor == "0"
	return s.names, nil
}

// A seenKey is a key of an address, as exactly as has to be: two keys of one address differ in 64 bits.
type seenKey struct {
	ip  [16]byte
	sum uint64
}

// maxSeen bounds how many keys are remembered twice over.
const maxSeen = 1 << 16

// isNew reports whether a key was not among those that were remembered, and remembers it.
func (s *keyScan) isNew(ip netip.Addr, key string) bool {
	if s.seen == nil {
		s.seen, s.seed = map[seenKey]struct{}{}, maphash.MakeSeed()
	}
	k := seenKey{ip.As16(), maphash.String(s.seed, key)}
	_, now := s.seen[k]
	_, earlier := s.before[k]
	if now || earlier {
		return false
	}
	if len(s.seen) == maxSeen {
		s.before, s.seen = s.seen, make(map[seenKey]struct{}, maxSeen)
	}
	s.seen[k] = struct{}{}
	return true
}

var globEscaper = strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`)

// escapeGlob makes a pattern that matches a text and nothing else.
func escapeGlob(text string) string { return globEscaper.Replace(text) }
