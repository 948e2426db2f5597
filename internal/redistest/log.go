package redistest

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	maxLogLines = 100_000 // beyond it, the older half is forgotten
	maxLogArg   = 256     // bytes of one argument that are kept
)

// A Log keeps what was received, passwords included. The zero value is ready; its methods are safe for concurrent use.
type Log struct {
	mu    sync.Mutex
	lines []string // guarded by mu
}

// Record returns a handler that writes every command down and then leaves it to next.
func (l *Log) Record(next Handler) Handler {
	return func(c *Session, args []string) {
		l.add(commandLine(args))
		next(c, args)
	}
}

// Commands returns one line per command: its arguments with a space between them. An argument that is empty, or holds a space, a quote
// or anything that cannot be printed, is quoted as in Go; a long one is cut and ends in "…".
func (l *Log) Commands() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}

func (l *Log) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == maxLogLines {
		l.lines = slices.Clone(l.lines[maxLogLines/2:])
	}
	l.lines = append(l.lines, line)
}

func commandLine(args []string) string {
	var b strings.Builder
	for i, a := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		cut := len(a) > maxLogArg
		if cut {
			a = a[:maxLogArg]
		}
		if quoted := strconv.Quote(a); quoted != `"`+a+`"` || a == "" || strings.Contains(a, " ") {
			a = quoted
		}
		b.WriteString(a)
		if cut {
			b.WriteString("…")
		}
	}
	return b.String()
}
