package bwstate

import (
	"strconv"
	"strings"
	"time"
)

// A Rate is so many requests in so much time.
type Rate struct {
	Limit  int64         // requests; 0 lets none through
	Window time.Duration // in whole seconds where BunkerWeb counts too: a second, a minute, an hour or a day
}

// rateUnits are the windows that BunkerWeb has names for.
var rateUnits = [...]struct {
	name   byte
	window time.Duration
}{{'s', time.Second}, {'m', time.Minute}, {'h', time.Hour}, {'d', 24 * time.Hour}}

// maxRate is how many requests a limit may have: scripts count in floating point, which is exact as far as this.
const maxRate = 1_000_000_000_000_000

// ParseRate reads a rate as BunkerWeb's settings have it, such as "2r/s": a number, "r/", and one of s, m, h and d for a second, a minute, an hour and a day. An error
// is an [*ArgumentError] and says what is wrong.
//
// Nodes look for such a text anywhere in the setting and take any letter: "2r/x" fails with every request that a node counts for a path, and is one second where it
// counts for a service. Here it is an error, before anything is counted.
func ParseRate(text string) (Rate, error) {
	count, unit, ok := strings.Cut(text, "r/")
	if !ok {
		return Rate{}, rateError(text, `has no "r/": a rate is a number, "r/" and s, m, h or d, such as 2r/s`)
	}
	digits := strings.Trim(count, "0123456789") == "" && count != ""
	limit, err := strconv.ParseInt(count, 10, 64)
	switch {
	case !digits:
		return Rate{}, rateError(text, `has no number in front of "r/"`)
	case err != nil || limit > maxRate:
		return Rate{}, rateError(text, "has a number that is too large")
	}
	for _, u := range rateUnits {
		if unit == string(u.name) {
			return Rate{limit, u.window}, nil
		}
	}
	return Rate{}, rateError(text, "has a unit that is none of s, m, h and d")
}

func rateError(text, problem string) error {
	return &ArgumentError{Name: "rate", Problem: quoteShort(text) + " " + problem}
}

// String returns what [ParseRate] reads, or "n per window" where BunkerWeb has no name for the window.
func (r Rate) String() string {
	n := strconv.FormatInt(r.Limit, 10)
	for _, u := range rateUnits {
		if r.Window == u.window {
			return n + "r/" + string(u.name)
		}
	}
	return n + " per " + r.Window.String()
}

// check refuses what BunkerWeb's keys cannot have.
func (r Rate) check() error {
	switch {
	case r.Limit < 0 || r.Limit > maxRate:
		return &ArgumentError{Name: "Rate", Problem: "has a limit that is negative or too large: " + strconv.FormatInt(r.Limit, 10)}
	case r.Window%time.Second != 0:
		return &ArgumentError{Name: "Rate", Problem: "has a window that is not of whole seconds: " + r.Window.String()}
	}
	return checkTTL("Rate", r.Window)
}
