package sentinel

import "time"

// How long a sentinel's word is worth nothing when writes were held for nothing because of it: a multiple of the time that they were held, which doubles each time.
// So one that lies, or hangs, stops few writes, and it does not keep another one from being believed.
const (
	restFactor  = 4
	longestRest = 10 * time.Minute
)

// tryingFor is how long writes are held for a sentinel that would like to lead a failover: it is elected by then, or hardly ever.
const tryingFor = time.Second

// A source is why writes are held: what a sentinel says of a failover that it leads, or would like to, or a candidate that it has announced. With no sentinel it is
// the candidate that most of them name.
type source struct {
	from      *member
	trying    bool
	announced bool
}

// A hold is what holds writes.
type hold struct {
	active bool
	since  time.Time // when it began to
	said   time.Time // when its reason was last heard
	early  bool      // it is certain that it began before anybody was promoted
	over   bool      // the sentinel has given its failover up
	spent  bool      // it has lasted as long as it may, and its reason may still be there
	vain   int       // how often in a row it was for nothing
	rest   time.Time // until when it will not begin again
}

// hold holds writes because of a source. It reports whether that has just begun.
func (w *watch) hold(by source) (began bool) {
	h := w.holds[by]
	now := time.Now()
	switch {
	case h == nil:
		h = &hold{}
		w.holds[by] = h
	case !h.active && (h.spent || now.Before(h.rest)):
		return false
	}
	if !h.active {
		began = true
		h.active, h.since, h.over = true, now, false
		tried := w.holds[source{from: by.from, trying: true}]
		h.early = !by.announced && tried != nil && tried.active && tried.early
		w.setExpiry()
	}
	h.said = now
	if w.r.raise() {
		w.tellRaised()
	}
	return began
}

// confirm notes that a sentinel has promoted nobody, although writes are held for what it said.
func (w *watch) confirm(m *member) {
	for _, trying := range []bool{false, true} {
		if h := w.holds[source{from: m, trying: trying}]; h != nil && h.active {
			h.early = true
		}
	}
}

// askEarly asks a sentinel whether it has promoted anybody yet, now that writes are held: how old an event is, nobody knows.
func (w *watch) askEarly(m *member) {
	w.tasks.Go(func() {
		if o := w.r.ask(w.ctx, m, Master); o.err == nil && o.early && !o.down {
			w.hear(event{from: m, meaning: confirmed})
		}
	})
}

// release ends a hold that was for nothing.
func (w *watch) release(by source) {
	h := w.holds[by]
	if h == nil || !h.active {
		return
	}
	rest := time.Since(h.since) * restFactor << min(h.vain, 10)
	h.active, h.vain, h.rest = false, h.vain+1, time.Now().Add(min(rest, longestRest))
	w.lowerUnlessHeld()
}

// lowerUnlessHeld lets writes go on when nothing holds them any more.
func (w *watch) lowerUnlessHeld() {
	for _, h := range w.holds {
		if h.active {
			return
		}
	}
	if held := w.r.lower(); held > 0 {
		w.tellNothing(held)
	}
}

// settle lets writes go on: there is a new master.
func (w *watch) settle() {
	for by, h := range w.holds {
		if h.active || h.spent {
			delete(w.holds, by)
		}
	}
	clear(w.dead)
	w.r.lower()
}

// end is when a hold has lasted as long as it may.
func (w *watch) end(by source, h *hold) time.Time {
	if by.trying {
		return h.since.Add(min(tryingFor, w.r.cfg.MaxFence))
	}
	return h.since.Add(w.r.cfg.MaxFence)
}

// expire ends what has held writes for as long as it may, and forgets what held some long ago.
func (w *watch) expire() {
	now := time.Now()
	for by, h := range w.holds {
		switch {
		case h.active && !now.Before(w.end(by, h)):
			w.release(by)
			h.spent = !by.trying
		case !h.active && !h.spent && now.Sub(h.rest) > longestRest:
			delete(w.holds, by)
		}
	}
	w.setExpiry()
}

// setExpiry has expire called when the next hold has lasted long enough.
func (w *watch) setExpiry() {
	var next time.Time
	for by, h := range w.holds {
		if end := w.end(by, h); h.active && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	if !next.IsZero() {
		w.expiry.Reset(max(1, time.Until(next)))
	}
}

// held reports whether writes are held because of a failover, and whether they have been since before anybody was promoted.
func (w *watch) held() (held, early bool) {
	for by, h := range w.holds {
		if h.active && !by.announced && by.from != nil {
			held, early = true, early || h.early
		}
	}
	return held, early
}
