package main

import (
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/internal/frames"
)

// corpus returns the frames, in the order of the table's rows.
func corpus() []frames.Frame { return hostile }

var hostile = frames.Hostile()

const maxShown = 40 // bytes of a frame in the table

// shown is the frame in Go's notation, with the middle left out where it is long.
func shown(f frames.Frame) string {
	var parts []string
	if f.Bytes != "" {
		parts = append(parts, code(f.Bytes))
	}
	if f.Times > 0 {
		unit, times := f.Unit, f.Times
		if strings.Count(unit, unit[:1]) == len(unit) { // a chunk of one letter
			unit, times = unit[:1], times*len(unit)
		}
		parts = append(parts, strconv.Itoa(times)+" × "+code(unit))
	}
	if f.Tail != "" {
		parts = append(parts, code(f.Tail))
	}
	return strings.Join(parts, ", ")
}

// code is the beginning of what is on the wire, for a cell.
func code(s string) string {
	quoted := strconv.QuoteToASCII(shorten(s, maxShown))
	return span(quoted[1 : len(quoted)-1])
}

// span escapes bars, which would end a cell even in a code span. Nothing shown here contains a backquote.
func span(s string) string { return "`" + strings.ReplaceAll(s, "|", `\|`) + "`" }

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit] + "..."
}
