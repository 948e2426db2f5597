package sentinel

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// settle is how long the others are waited for when the first sentinel has answered: it may be the one that does not know yet.
const settle = 50 * time.Millisecond

// Resolve asks all sentinels at once for the address of a server with that role. Where they disagree on the master, the newest configuration counts; for a replica,
// the first answer does. When ctx ends it returns at once. Where no sentinel answers, the error is a [*ResolveError].
func (r *Resolver) Resolve(ctx context.Context, role Role) (addr string, err error) {
	if role == PreferReplica {
		if addr, err := r.Resolve(ctx, Replica); err == nil || ctx.Err() != nil {
			return addr, err
		}
		role = Master
	}
	candidates, err := r.candidates(ctx, role)
	if err != nil {
		return "", err
	}
	return candidates[0], nil
}

// candidates returns the addresses that sentinels name, the most credible one first.
func (r *Resolver) candidates(ctx context.Context, role Role) ([]string, error) {
	if role != Master && role != Replica {
		return nil, fmt.Errorf("sentinel: there is no role %q", string(role))
	}
	opinions := r.collect(ctx, role, false, nil)
	var addrs []string
	for _, c := range count(opinions) {
		addrs = append(addrs, c.addr)
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	return nil, r.unresolved(role, opinions)
}

func (r *Resolver) unresolved(role Role, opinions []opinion) *ResolveError {
	failed := &ResolveError{Master: r.cfg.Master, Role: role}
	for _, o := range opinions {
		failed.Errs = append(failed.Errs, &askError{o.from.addr, o.err})
	}
	return failed
}

// collect asks all sentinels and returns an opinion of each; of those that have not answered in time it is an error. Unless it is to hear everybody, it returns as
// soon as most of them agree, or settle after the first one answered; a replica is taken from the first. The goroutines that it starts end when it has returned, and
// are counted in wg, when that is not nil.
func (r *Resolver) collect(ctx context.Context, role Role, everybody bool, wg *sync.WaitGroup) []opinion {
	all := r.all()
	opinions := make([]opinion, len(all))
	asking, cancel := context.WithCancel(ctx)
	defer cancel() // the slower ones
	answers := make(chan func(), len(all))
	for i, m := range all {
		opinions[i] = opinion{from: m, err: errNoAnswer}
		if wg != nil {
			wg.Add(1)
		}
		go func() {
			if wg != nil {
				defer wg.Done()
			}
			o := opinion{from: m, err: r.whyAway(m)}
			if o.err == nil || !everybody {
				o = r.ask(asking, m, role)
			}
			answers <- func() { opinions[i] = o }
		}()
	}
	var enough <-chan time.Time
	for range all {
		select {
		case take := <-answers:
			take()
		case <-enough:
			return opinions
		case <-ctx.Done():
			return leftOut(opinions, ctx.Err())
		}
		switch claims := count(opinions); {
		case everybody || len(claims) == 0:
		case role == Replica || claims[0].votes > len(all)/2:
			return opinions
		case enough == nil:
			timer := time.NewTimer(settle)
			defer timer.Stop()
			enough = timer.C
		}
	}
	return opinions
}

// leftOut says why some have not answered.
func leftOut(opinions []opinion, cause error) []opinion {
	for i := range opinions {
		if o := &opinions[i]; o.err == errNoAnswer {
			o.err = fmt.Errorf("has not answered yet: %w", cause)
		}
	}
	return opinions
}

// A claim is an address with those who name it.
type claim struct {
	addr  string
	epoch uint64 // the highest
	votes int
}

// count sorts what sentinels claim: the highest epoch first, and of the same epoch what most of them say, and then whoever answered for it stands first in the list.
func count(opinions []opinion) (claims []claim) {
	for _, o := range opinions {
		if o.err != nil || o.addr == "" {
			continue
		}
		i := slices.IndexFunc(claims, func(c claim) bool { return c.addr == o.addr })
		if i < 0 {
			i = len(claims)
			claims = append(claims, claim{addr: o.addr})
		}
		claims[i].epoch = max(claims[i].epoch, o.epoch)
		claims[i].votes++
	}
	slices.SortStableFunc(claims, func(a, b claim) int {
		return cmp.Or(cmp.Compare(b.epoch, a.epoch), cmp.Compare(b.votes, a.votes))
	})
	return claims
}

// pick returns a number below n.
func pick(n int) int { return rand.IntN(n) }
