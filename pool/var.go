package pool

import (
	"encoding/json"
	"fmt"
)

// String returns the statistics as a JSON object, with the names of the fields and histograms in microseconds.
func (s Stats) String() string {
	b, _ := json.Marshal(s) // nothing in it can fail: a test has it all
	return string(b)
}

// Var returns the pool's statistics as a variable for package expvar, which [Pool.Stats] is asked for whenever it is shown:
//
//	expvar.Publish("redis", p.Var())
//
// It can be shown after [Pool.Close], too. (This package does not import expvar because that brings net/http and its handlers into a program.)
func (p *Pool) Var() fmt.Stringer { return statsVar{p} }

// A statsVar is an expvar.Var.
type statsVar struct{ p *Pool }

func (v statsVar) String() string { return v.p.Stats().String() }
