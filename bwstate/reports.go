package bwstate

import (
	"context"
	"strconv"
	"strings"
)

// DefaultReportLimit is how many reports BunkerWeb keeps.
const DefaultReportLimit = "10k"

// ReportsConfig says how reports are kept. The zero value is as BunkerWeb does.
type ReportsConfig struct {
	// Limit is how many elements the list may have, in the form of METRICS_MAX_BLOCKED_REQUESTS_REDIS: a number, with k for a thousand or m for a million behind it. "0"
	// keeps none, and deletes those that are there; "": DefaultReportLimit. Give every node and every program the same: the smallest counts.
	Limit string
	// NoLimit lets the list grow without an end. Nodes trim it to theirs all the same.
	NoLimit bool
}

// Reports are the requests that were blocked, in the list that nodes write and the UI shows, and the facets, which count them by the values of eight fields. Its methods may be
// called concurrently, in any number of processes, nodes among them.
//
// Every push, every trimming and every step of a recount is one step on the server, so what programs do together never counts wrongly. Nodes do each of their
// steps alone: what they do while facets are counted anew may be counted twice or not at all, and [Reports.Recount] mends it.
type Reports struct {
	state *State
	limit int64 // -1: none
}

// Reports returns the reports. An error is an [*ArgumentError].
func (s *State) Reports(cfg ReportsConfig) (*Reports, error) {
	if cfg.NoLimit {
		if cfg.Limit != "" {
			return nil, &ArgumentError{Name: "Limit", Problem: "is there, and NoLimit as well"}
		}
		return &Reports{state: s, limit: -1}, nil
	}
	if cfg.Limit == "" {
		cfg.Limit = DefaultReportLimit
	}
	limit, err := ParseReportLimit(cfg.Limit)
	return &Reports{state: s, limit: limit}, err
}

// ParseReportLimit reads a number as nodes read METRICS_MAX_BLOCKED_REQUESTS_REDIS: "500", "10k", "1m". An error is an [*ArgumentError].
func ParseReportLimit(text string) (int64, error) {
	digits, unit := strings.ToLower(strings.TrimSpace(text)), int64(1)
	switch {
	case strings.HasSuffix(digits, "k"):
		digits, unit = digits[:len(digits)-1], 1000
	case strings.HasSuffix(digits, "m"):
		digits, unit = digits[:len(digits)-1], 1_000_000
	}
	const most = 1_000_000_000
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || int64(n) > most/unit {
		return 0, &ArgumentError{Name: "Limit", Problem: "is not a number up to a thousand million, with k or m behind it: " + quoteShort(text)}
	}
	return int64(n) * unit, nil
}

// Len returns how many elements the list has, foreign ones included.
func (r *Reports) Len(ctx context.Context) (int64, error) {
	op := newAdhoc()
	defer op.recycle()
	op.q.Cmd("LLEN").Str(reportsKey).MarkReadOnly()
	return r.state.integer(ctx, op)
}
