package main

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// What a client can make of a frame.
const (
	failed   = "error"
	accepted = "accepted"
	panicked = "panic" // in the goroutine that called
	crashed  = "crash" // of the process: nothing could have recovered
	hung     = "hangs"

	started = "started" // what a child says first
	broken  = "broken"  // the case was never put: a fault of this program
)

const maxDetail = 200

// A result is what became of one case. A child prints it as a line of JSON.
type result struct {
	Outcome   string `json:"outcome"`
	Detail    string `json:"detail,omitempty"` // the error, the value, or the reason of death
	Sys       int64  `json:"sys"`              // address space taken for the frame, at the peak
	Allocated int64  `json:"allocated"`        // bytes of all objects made for it
	RSS       int64  `json:"rss"`              // of the address space, what was touched; of the whole process in the first line
	Received  int64  `json:"received"`         // bytes the client read
}

func (r *result) add(before, after usage) {
	r.Sys = after.sys - before.sys
	r.Allocated = after.allocated - before.allocated
	r.RSS = max(0, after.rss-before.rss)
}

// interpret returns the result of a child by what it printed before it ended, or was ended. rss is the most that was resident.
func interpret(stdout, stderr []byte, killed bool, rss int64) result {
	last := result{Outcome: broken}
	for line := range bytes.Lines(stdout) {
		var r result
		if json.Unmarshal(line, &r) == nil && r.Outcome != "" {
			last = r
		}
	}
	switch {
	case last.Outcome == broken && last.Detail == "":
		last.Detail = firstLine(string(stderr))
	case last.Outcome == started && killed:
		return result{Outcome: hung, RSS: max(0, rss-last.RSS)}
	case last.Outcome == started:
		return result{Outcome: crashed, Detail: reason(string(stderr)), RSS: max(0, rss-last.RSS)}
	}
	return last
}

var outOfMemory = regexp.MustCompile(`out of memory: cannot allocate (\d+)-byte block`)

// reason finds in a dying process's last words what it died of.
func reason(stderr string) string {
	if m := outOfMemory.FindStringSubmatch(stderr); m != nil {
		n, err := strconv.ParseInt(m[1], 10, 64)
		if err == nil {
			return "out of memory, " + size(n) + " wanted"
		}
	}
	for line := range strings.Lines(stderr) {
		for _, prefix := range []string{"fatal error: ", "panic: "} {
			if what, ok := strings.CutPrefix(strings.TrimSpace(line), prefix); ok {
				return shorten(what, maxDetail)
			}
		}
	}
	return firstLine(stderr)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return shorten(line, maxDetail)
}

// size is n for a person.
func size(n int64) string {
	switch {
	case n >= 1<<30:
		return strconv.FormatFloat(float64(n)/(1<<30), 'f', 1, 64) + " GiB"
	case n >= 1<<20:
		return strconv.FormatInt(n>>20, 10) + " MiB"
	default:
		return strconv.FormatInt((n+1023)>>10, 10) + " KiB"
	}
}
