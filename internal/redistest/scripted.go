package redistest

import (
	"strings"
	"sync"
	"testing"
)

// A Step is one command that a [Scripted] server expects, and what it does then.
type Step struct {
	Want  string // the command, as [Log.Commands] writes it: "HELLO 3"; "…" at its end stands for anything
	Reply string // bytes as they are, RESP or not; "": none
	// Then comes after the reply: Cut; Reset, which may overtake the reply; HalfClose; Stall, which answers nothing on this connection any more.
	Then Action
}

// Scripted returns a handler that goes through steps, one for each command, whichever connection it comes from. A command that is not the
// next one fails the test and is answered with an error; so does a step that was never reached when the test ends.
func Scripted(tb testing.TB, steps ...Step) Handler {
	tb.Helper()
	for i, s := range steps {
		switch s.Then {
		case None, Cut, Reset, HalfClose, Stall:
		default:
			tb.Fatalf("redistest: step %d, %s: a server cannot do %d of its own accord", i, s.Want, s.Then)
		}
	}
	s := &scripted{tb: tb, steps: steps}
	tb.Cleanup(s.finish)
	return s.answer
}

type scripted struct {
	tb    testing.TB
	steps []Step

	mu   sync.Mutex
	next int // guarded by mu
}

func (s *scripted) answer(c *Session, args []string) {
	step, ok := s.take(commandLine(args))
	if !ok {
		c.Error("ERR not in the script")
		return
	}
	c.Raw(step.Reply)
	switch step.Then {
	case Cut:
		c.Close()
	case Reset:
		c.Flush()
		c.Reset()
	case HalfClose:
		c.CloseWrite()
	case Stall:
		c.Stall()
	}
}

// take returns the step that a command is, and reports false when it is not the next one.
func (s *scripted) take(line string) (Step, bool) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == len(s.steps) {
		s.tb.Errorf("redistest: after all %d steps came %s", len(s.steps), line)
		return Step{}, false
	}
	step := s.steps[s.next]
	beginning, open := strings.CutSuffix(step.Want, "…")
	if line != step.Want && !(open && strings.HasPrefix(line, beginning)) {
		s.tb.Errorf("redistest: step %d of %d: wanted %s, got %s", s.next+1, len(s.steps), step.Want, line)
		return Step{}, false
	}
	s.next++
	return step, true
}

func (s *scripted) finish() {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next < len(s.steps) {
		s.tb.Errorf("redistest: step %d of %d never came: %s", s.next+1, len(s.steps), s.steps[s.next].Want)
	}
}
