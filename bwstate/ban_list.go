package bwstate

import (
	"context"
	"iter"
	"net/netip"
	"strconv"

	"github.com/bwredis/bwredis/resp"
)

// A BanFilter says which bans [State.Bans] lists. The zero value lists all.
type BanFilter struct {
	Scope    Scope  // "": both
	Service  string // only those of this service; then Scope is "" or ServiceScope
	PageSize int    // keys that the server looks at in one step, of which few may be bans; 0: 1000
}

const (
	defaultPage = 1000
	maxPage     = 100_000
	maxValues   = 200 // bans that are read in one round trip
)

// Bans lists the bans that are in Redis, in no order, without holding anybody up: step by step with SCAN, with the bans of one step and the next step in one round
// trip. It holds no more than a step's keys and two hundred bans. What a node has in its own memory alone is not listed: see package bwstate/nodeapi.
//
// A ban that is there from the beginning to the end is listed; one that comes or goes meanwhile may be. SCAN may name a key twice while the server rearranges its memory;
// what is named twice among the last hundred thousand bans is listed once.
//
// An error with a Ban that has an address is about that ban alone, and the listing goes on: a value of another type, or a [*ValueError] where the address is written as
// nodes do not write it, such as with capital letters, so that nobody is banned. Any other error ends the listing.
func (s *State) Bans(ctx context.Context, f BanFilter) iter.Seq2[Ban, error] {
	return func(yield func(Ban, error) bool) {
		op, err := newBanList(f)
		if err != nil {
			yield(Ban{}, err)
			return
		}
		for !op.finished() {
			op.q.Reset()
			if err := s.run(ctx, &op.q, op); err != nil {
				yield(Ban{}, err)
				return
			}
			for i := range op.found {
				if b := &op.found[i]; b.there && !yield(b.Ban, b.err) {
					return
				}
			}
			if op.refused != nil {
				yield(Ban{}, op.refused)
				return
			}
			op.next()
		}
	}
}

// A listedBan is one that was found, or what was found in its place.
type listedBan struct {
	Ban
	key   string
	odd   error // what is wrong with the key
	there bool
	err   error
}

// A banList is one step of a list: it reads the bans that are known, and looks for more when there are few.
type banList struct {
	q      resp.Request
	filter BanFilter
	scan   keyScan

	found   []listedBan // at hand
	rest    []listedBan // named, and not read yet
	one     lookup
	refused error
}

func newBanList(f BanFilter) (*banList, error) {
	if f.PageSize == 0 {
		f.PageSize = defaultPage
	}
	if f.PageSize < 0 || f.PageSize > maxPage {
		return nil, &ArgumentError{Name: "PageSize", Problem: "is not between 1 and 100000: " + strconv.Itoa(f.PageSize)}
	}
	pattern := "bans_*"
	switch {
	case f.Service != "":
		if f.Scope == GlobalScope {
			return nil, &ArgumentError{Name: "Service", Problem: "is set, and the scope is global"}
		}
		f.Scope = ServiceScope
		if err := checkScope(ServiceScope, f.Service); err != nil {
			return nil, err
		}
		pattern = "bans_service_" + escapeGlob(f.Service) + "_ip_*"
	case f.Scope == GlobalScope:
		pattern = "bans_ip_*"
	case f.Scope == ServiceScope:
		pattern = "bans_service_*_ip_*"
	case f.Scope != "":
		return nil, checkScope(f.Scope, "")
	}
	return &banList{filter: f, scan: keyScan{pattern: pattern, count: f.PageSize, cursor: "0"}}, nil
}

func (op *banList) finished() bool { return op.scan.over && len(op.found) == 0 && len(op.rest) == 0 }

// next takes the next bans to read.
func (op *banList) next() {
	n := min(len(op.rest), maxValues)
	op.found, op.rest = op.rest[:n:n], op.rest[n:]
}

func (op *banList) add(q *resp.Request) {
	for i := range op.found {
		askBan(q, []byte(op.found[i].key))
	}
	if op.scans() {
		op.scan.add(q)
	}
}

// scans reports whether this step looks for more.
func (op *banList) scans() bool { return !op.scan.over && len(op.rest) == 0 }

func (op *banList) reads() bool { return true }

func (op *banList) HandleReply(i int, r *resp.Reply) error {
	if i == 0 {
		op.refused = nil
	}
	if at := i / 2; at < len(op.found) {
		return op.handleBan(&op.found[at], i%2, r)
	}
	names, err := op.scan.read(r)
	if err != nil {
		op.refused = err
		return nil
	}
	for _, key := range names {
		if b, ok := op.listed(key); ok && op.scan.isNew(b.IP, key) {
			op.rest = append(op.rest, b)
		}
	}
	return nil
}

func (op *banList) handleBan(b *listedBan, i int, r *resp.Reply) error {
	op.one.ip, op.one.service = b.IP, ""
	if b.Scope == ServiceScope {
		op.one.service = b.Service
	}
	if err := op.one.HandleReply(i, r); err != nil {
		return err
	}
	if i == 0 {
		return nil
	}
	c, err := op.one.result(false)
	b.there, b.err = c.Banned || err != nil, err
	if c.Banned {
		b.Ban, b.err = c.Ban, b.odd
	}
	return nil
}

// listed makes of a key what is known of its ban, if it is one that was asked for.
func (op *banList) listed(key string) (b listedBan, ok bool) {
	scope, service, text, ok := splitBanKey(key)
	if !ok || op.filter.Scope != "" && scope != op.filter.Scope || op.filter.Service != "" && service != op.filter.Service {
		return b, false
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Zone() != "" || scope == ServiceScope && service == "" { // no node looks there
		return b, false
	}
	b = listedBan{Ban: Ban{IP: ip, Scope: scope, Service: service}, key: key}
	if ip.String() != text {
		b.odd = &ValueError{What: "ban", Problem: "is under an address that is written as no node writes it, and so bans nobody"}
	}
	return b, true
}
