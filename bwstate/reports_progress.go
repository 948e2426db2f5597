package bwstate

// maxStalls is how many steps in a row may leave as much to do as there was: others push meanwhile, and nodes count for themselves.
const maxStalls = 100

// progress is how a task goes that takes many steps. Without it a server that always says that something is left would keep its caller for ever.
type progress struct {
	least  int64 // that was left after any step
	stalls int   // steps since then
}

// check takes what is left after a step; it is an error when nothing has come of many.
func (p *progress) check(left int64) error {
	if p.stalls++; p.least == 0 || left < p.least {
		p.least, p.stalls = left, 0
	}
	if p.stalls > maxStalls {
		return &ValueError{What: "list of reports", Problem: "grows faster than it can be trimmed and counted"}
	}
	return nil
}
