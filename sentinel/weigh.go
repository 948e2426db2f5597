package sentinel

import (
	"cmp"
	"slices"
	"time"
)

// How long most sentinels, or all that answer, have to name another server than the one that is followed before they are believed although their configuration is
// not a newer one: longer than they take to hear of a failover from its leader.
const (
	overrule    = 5 * time.Second // most of them, and the server that is followed is no master any more
	overruleAll = time.Minute     // all of them, whatever that server says: the set may have been made anew
)

// weigh compares what the sentinels say with what is known. It reports whether that leaves a doubt.
func (w *watch) weigh(opinions []opinion) (doubt bool) {
	known, _, epoch := w.r.known()
	doubt = w.weighFailovers(opinions, known)
	voices := counted(opinions)
	claims := count(voices)
	if len(claims) == 0 {
		w.r.unknown(w.r.unresolved(Master, opinions))
		return doubt // nobody answers: what is known holds
	}
	if known == "" {
		w.prove(w.first(claims))
		return doubt
	}
	w.r.confirm(agreedEpoch(voices, known))
	most := slices.MaxFunc(claims, func(a, b claim) int { return cmp.Compare(a.votes, b.votes) })
	switch {
	case most.addr == known:
		w.other = ""
		return doubt || len(claims) > 1
	case 2*most.votes <= len(voices):
		return true // most of them will have heard of it soon
	case w.other != most.addr:
		w.other, w.otherAt = most.addr, time.Now()
	}
	c := candidate{addr: most.addr, epoch: agreedEpoch(voices, most.addr)}
	switch since := time.Since(w.otherAt); {
	case c.epoch > epoch, c.epoch == 0 && epoch == 0 && since >= overrule, len(claims) == 1 && since >= overruleAll:
		w.prove(c)
	case since >= overrule:
		c.unless = known
		w.prove(c)
	}
	return true
}

// counted returns the opinions that count: of those who are configured, and only when none of these answers of the others. Otherwise one sentinel could make a
// majority of whomever it likes to name.
func counted(opinions []opinion) []opinion {
	voices := slices.DeleteFunc(slices.Clone(opinions), func(o opinion) bool { return o.err != nil || o.addr == "" })
	if slices.ContainsFunc(voices, func(o opinion) bool { return !o.from.learned }) {
		voices = slices.DeleteFunc(voices, func(o opinion) bool { return o.from.learned })
	}
	return voices
}

// agreedEpoch is the epoch that more than half of those who name addr have reached: that of one alone means nothing.
func agreedEpoch(voices []opinion, addr string) uint64 {
	var epochs []uint64
	for _, o := range voices {
		if o.addr == addr {
			epochs = append(epochs, o.epoch)
		}
	}
	if len(epochs) == 0 {
		return 0
	}
	slices.Sort(epochs)
	return epochs[(len(epochs)-1)/2]
}

// first is whom to try while no master is known: whom most of them name, but not twice in a row one that turned out to be none.
func (w *watch) first(claims []claim) candidate {
	slices.SortStableFunc(claims, func(a, b claim) int { return cmp.Compare(b.votes, a.votes) })
	c := claims[0]
	if c.addr == w.unproved && len(claims) > 1 {
		c = claims[1]
	}
	return candidate{addr: c.addr, epoch: c.epoch}
}

// weighFailovers notes who leads a failover, and who does not any more. It reports whether one goes on.
func (w *watch) weighFailovers(opinions []opinion, known string) (goesOn bool) {
	for _, o := range opinions {
		lead := source{from: o.from}
		h := w.holds[lead]
		if o.err == nil && o.addr == known && o.down {
			w.dead[o.from] = true // the announcement of that may have been missed
		}
		switch {
		case o.err != nil, o.addr != known: // of those who name another master, that one will be heard of
		case o.failing:
			w.hold(lead)
		case h != nil && h.said.Before(w.lastPoll) && (o.frank || h.over): // it was asked after it had said so
			h.spent = false
			w.release(lead)
		}
	}
	goesOn, _ = w.held()
	return goesOn
}
