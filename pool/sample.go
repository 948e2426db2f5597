package pool

import "time"

// maxSamples is how many uses of a connection are timed from one tick to the next: all of them where there are few. Reading the clock for each would cost as much as
// the rest of the pool's work.
const maxSamples = 32

// sampleLocked returns when a use begins, if it is to be timed.
func (p *Pool) sampleLocked() (began time.Duration) {
	if p.samples == 0 {
		p.nowLocked() // the next tick brings new ones
		return 0
	}
	p.samples--
	return time.Since(p.made)
}

// timeLocked takes note of how long a use was.
func (p *Pool) timeLocked(m *member, took time.Duration) {
	if m.alone {
		p.stats.Hold.observe(took)
		return
	}
	p.stats.RoundTrip.observe(took)
}
