package pool

import (
	"encoding/json"
	"fmt"
	"io"
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

// String shows how many connections there are, and how many of them are in use. No way of printing a Pool shows more, and it may be printed while it is used.
func (p *Pool) String() string {
	s := p.Stats()
	return fmt.Sprintf("pool.Pool{%d open, %d in use}", s.Open, s.InUse)
}

// Format is [Pool.String] for every verb.
func (p *Pool) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, p.String()) }
