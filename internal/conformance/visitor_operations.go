package conformance

import (
	"context"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// visitorOperations are one call of each operation on a visitor's session that the first begins and the last destroys.
func visitorOperations(f *fixture) []operation {
	type state = *bwstate.State
	vs := f.visitors("sid")
	s, err := vs.New(aVisitor)
	require.NoError(f, err)
	value := 0
	change := func(ctx context.Context, _ state) error {
		value++
		if err := s.Set("k", value); err != nil {
			return err
		}
		return s.Commit(ctx)
	}
	return []operation{
		{"VisitorSession.Commit, created", change},
		{"VisitorSessions.Open", func(ctx context.Context, _ state) error {
			cookie := ""
			if lines := s.SetCookies(); len(lines) > 0 {
				cookie = visitorCookie(s)
			}
			opened, err := vs.Open(ctx, func(string) string { return cookie })
			if err == nil {
				s = opened
			} else if ctx.Err() != nil {
				return ctx.Err() // where there was no session to open
			}
			return err
		}},
		{"VisitorSession.Commit, changed", change},
		{"VisitorSession.Destroy", func(ctx context.Context, _ state) error {
			if err := s.Destroy(ctx); err != nil {
				return err
			}
			return ctx.Err() // where there was nothing to destroy
		}},
	}
}
