package bwstate

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// An Everywhere says where [State.UnbanEverywhere] looks. The zero value looks everywhere.
type Everywhere struct {
	// Services are the sites that are known. Their bans and counts are lifted first, together with the global ones, in one round trip.
	Services []string
	// KnownOnly leaves it at that. Otherwise all keys are looked through for bans and counts of other services, step by step with SCAN.
	KnownOnly bool
}

// A Lifted is what was there and is lifted.
type Lifted struct {
	Global   bool     // the ban on every site
	Services []string // sites whose ban was lifted, in the order they were found
	Counts   int      // counts of bad requests, each of which might have banned again with the next request
}

// Any reports whether a ban was lifted.
func (l Lifted) Any() bool { return l.Global || len(l.Services) > 0 }

// UnbanEverywhere lifts the global ban of ip and that of every service, together with the counts of bad requests. It looks at exactly this address, however it is
// written: keys that end in the same characters but belong to another address stay.
//
// It never works on anything but the server: while that is away it fails, whatever other operations do. When it fails in between, what was lifted is returned with the
// error; doing it again is harmless. When the server refuses to delete one key, the others are still lifted, and the first refusal is returned.
//
// Nodes keep a ban that they read for up to 30 seconds, and one that they set themselves until its end. Their own API lifts those: bwstate/nodeapi does both.
func (s *State) UnbanEverywhere(ctx context.Context, ip netip.Addr, where Everywhere) (Lifted, error) {
	op, err := newUnbanAll(ip, where)
	if err != nil {
		return Lifted{}, err
	}
	for !op.finished() {
		op.q.Reset()
		err := s.run(ctx, &op.q, op)
		op.next() // what was answered was lifted, also where the rest was not
		if err = cmp.Or(err, op.ended); err != nil {
			return op.lifted, err
		}
	}
	return op.lifted, op.refused
}

// A banSite is where an address may be banned, and where its bad requests are counted.
type banSite struct {
	scope   Scope
	service string
	odd     string // a key of the ban that is written in another way
}

// An unbanAll is one step: it lifts what is known, and looks for more.
type unbanAll struct {
	q       resp.Request
	ip      netip.Addr
	scan    keyScan
	known   map[banSite]struct{}
	todo    []banSite // of this step
	rest    []banSite
	partial Lifted // of this step
	lifted  Lifted
	refused error // the first refusal to delete
	ended   error // SCAN was refused
}

// maxLifted is how many sites share a round trip.
const maxLifted = 500

func newUnbanAll(ip netip.Addr, where Everywhere) (*unbanAll, error) {
	if err := checkAddr(ip); err != nil {
		return nil, err
	}
	op := &unbanAll{
		ip:    ip,
		known: map[banSite]struct{}{},
		scan:  keyScan{pattern: "*" + anyCase(ip.String()), count: defaultPage, cursor: "0", over: where.KnownOnly},
	}
	op.find(banSite{scope: GlobalScope})
	for _, service := range where.Services {
		if err := checkScope(ServiceScope, service); err != nil {
			return nil, err
		}
		op.find(banSite{scope: ServiceScope, service: service})
	}
	op.next()
	return op, nil
}

// anyCase is a pattern that matches an address in capital letters too.
func anyCase(ip string) string {
	var b strings.Builder
	for _, c := range ip {
		if 'a' <= c && c <= 'f' {
			b.WriteString("[" + string(c) + string(c-'a'+'A') + "]")
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

func (op *unbanAll) find(site banSite) {
	if _, known := op.known[site]; !known {
		op.known[site] = struct{}{}
		op.rest = append(op.rest, site)
	}
}

func (op *unbanAll) finished() bool { return op.scan.over && len(op.todo) == 0 }

// next ends a step, and begins another.
func (op *unbanAll) next() {
	op.lifted.Global = op.lifted.Global || op.partial.Global
	op.lifted.Counts += op.partial.Counts
	for _, service := range op.partial.Services {
		if !slices.Contains(op.lifted.Services, service) {
			op.lifted.Services = append(op.lifted.Services, service)
		}
	}
	op.partial = Lifted{}
	n := min(len(op.rest), maxLifted)
	op.todo, op.rest = op.rest[:n:n], op.rest[n:]
}

// add lets the count of a site go before its ban: a request that is counted between the two cannot bring the ban back.
func (op *unbanAll) add(q *resp.Request) {
	for _, site := range op.todo {
		q.Cmd("DEL").Str(badBehaviorKey(site.scope, site.service, op.ip))
		if site.odd != "" {
			q.Cmd("DEL").Str(site.odd)
		} else {
			q.Cmd("DEL").Str(banKey(site.scope, site.service, op.ip))
		}
	}
	if !op.scan.over {
		op.scan.add(q)
	}
}

func (op *unbanAll) reads() bool { return len(op.todo) == 0 }

func (op *unbanAll) HandleReply(i int, r *resp.Reply) error {
	if i == 0 {
		op.partial = Lifted{}
	}
	if i >= 2*len(op.todo) {
		return op.handleKeys(r)
	}
	if e := r.ErrorReply(); e != nil {
		if op.refused == nil {
			op.refused = e
		}
		return nil
	}
	n := r.Int()
	if err := r.Err(); err != nil || n <= 0 {
		return err
	}
	switch site := op.todo[i/2]; {
	case i%2 == 0:
		op.partial.Counts++
	case site.scope == GlobalScope:
		op.partial.Global = true
	default:
		op.partial.Services = append(op.partial.Services, site.service)
	}
	return nil
}

func (op *unbanAll) handleKeys(r *resp.Reply) error {
	names, err := op.scan.read(r)
	if err != nil {
		op.ended = err
		return nil
	}
	for _, key := range names {
		if site, ok := op.site(key); ok {
			op.find(site)
		}
	}
	return nil
}

// site tells which site a key belongs to, if it is one of this address.
func (op *unbanAll) site(key string) (site banSite, ok bool) {
	scope, service, text, ok := splitBanKey(key)
	isBan := ok
	if !ok {
		scope, service, text, ok = splitBadBehaviorKey(key)
	}
	if !ok || scope == ServiceScope && service == "" {
		return site, false
	}
	ip, err := netip.ParseAddr(text)
	if err != nil || ip != op.ip {
		return site, false
	}
	site = banSite{scope: scope, service: service}
	if isBan && text != op.ip.String() {
		site.odd = key
	}
	return site, true
}
