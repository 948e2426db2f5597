package pool

import "time"

type Histogram struct{ n uint64 }

func (h *Histogram) observe(time.Duration) { h.n++ }
