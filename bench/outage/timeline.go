package main

import (
	"strings"
	"time"

	"github.com/bwredis/bwredis/bench/versus"
)

// Of a timeline, whose 0 is the kill.
const (
	bucket = 20 * time.Millisecond
	before = 5 // buckets before the kill
)

// A timeline is how many successes there were in each bucket.
type timeline []float64

// timelineOf counts from before the kill up to a time. The last bucket is a whole one.
func timelineOf(records []record, killed, to time.Duration) timeline {
	from := killed - before*bucket
	line := make(timeline, max(0, (to-from)/bucket))
	for _, r := range records {
		if r.end < from || r.outcome != served {
			continue
		}
		if i := int((r.end - from) / bucket); i < len(line) {
			line[i]++
		}
	}
	return line
}

// typical is the median of each bucket, of those that all rounds have.
func typical(rounds []timeline) (line timeline) {
	for i := 0; ; i++ {
		var values []float64
		for _, round := range rounds {
			if i < len(round) {
				values = append(values, round[i])
			}
		}
		if len(values) == 0 || len(values) < len(rounds) {
			return line
		}
		line = append(line, versus.SpreadOf(values).Median)
	}
}

// heights are what bars draws: none at all is a dot, anything else is at least a low bar.
var heights = []rune("·▁▂▃▄▅▆▇█")

// bars draws a timeline, a rune for each bucket. The highest is the most that there is in it.
func (l timeline) bars() string {
	most := 0.0
	for _, n := range l {
		most = max(most, n)
	}
	var b strings.Builder
	for _, n := range l {
		height := 0
		if n > 0 {
			height = 1 + int(n/most*float64(len(heights)-2))
		}
		b.WriteRune(heights[height])
	}
	return b.String()
}
