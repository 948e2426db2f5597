package sentinel

import "time"

// overrule is how long most sentinels have to name another server than the one that is followed, before they are believed although their configuration is not a newer
// one: longer than they take to hear of a failover from its leader.
const overrule = 5 * time.Second

// weigh compares what the sentinels say with what is known. It reports whether that leaves a doubt.
func (w *watch) weigh(opinions []opinion) (doubt bool) {
	doubt = w.weighFailing(opinions)
	claims := count(opinions)
	if len(claims) == 0 {
		return doubt // nobody answers: what is known holds
	}
	known, _, epoch := w.r.known()
	if known == "" {
		w.prove(w.first(claims))
		return doubt
	}
	most, answered := claims[0], 0
	for _, c := range claims {
		answered += c.votes
		if c.votes > most.votes {
			most = c
		}
		if c.addr == known {
			w.r.confirm(c.epoch)
		}
	}
	switch {
	case most.addr == known:
		w.other = ""
		return doubt || len(claims) > 1
	case 2*most.votes <= answered:
		return true // most of them will have heard of it soon
	case w.other != most.addr:
		w.other, w.otherAt = most.addr, time.Now()
	}
	if most.epoch > epoch || time.Since(w.otherAt) >= overrule {
		w.prove(candidate{addr: most.addr, epoch: most.epoch})
	}
	return true
}

// first is whom to try while no master is known: the most credible one, but not twice in a row one that turned out to be none.
func (w *watch) first(claims []claim) candidate {
	c := claims[0]
	if c.addr == w.unproved && len(claims) > 1 {
		c = claims[1]
	}
	return candidate{addr: c.addr, epoch: c.epoch}
}

// weighFailing notes who leads a failover, which goes on while writes are held. They are let go when nobody does: it has come to nothing.
func (w *watch) weighFailing(opinions []opinion) (goesOn bool) {
	known, _, _ := w.r.known()
	for _, o := range opinions {
		f, noted := w.failing[o.from]
		switch {
		case o.err != nil, o.addr != known: // of those who name another master, that one will be heard of
		case o.failing:
			w.failing[o.from] = failover{since: time.Now()}
			w.raise()
		case noted && f.since.Before(w.lastPoll) && (o.frank || f.over): // it was asked after it had begun
			delete(w.failing, o.from)
		}
	}
	if len(w.failing) > 0 || w.proving != nil {
		return len(w.failing) > 0
	}
	if w.r.lower() {
		w.warned = false
		w.r.tellNothing()
	}
	return false
}
