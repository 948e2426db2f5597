package conformance

import (
	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

func goldenBadBehavior() []test {
	var file struct{ Cases []goldenCase }
	load("badbehavior.json", &file)
	for i := range file.Cases {
		c := &file.Cases[i]
		c.Name = c.Call.Op + " " + c.Name
	}
	return goldenTests(file.Cases, runBadBehavior)
}

func runBadBehavior(f *fixture, c goldenCase) {
	b := bwstate.BadBehavior{
		Service:   c.Call.ServerName,
		Scope:     bwstate.Scope(or(c.Call.Scope, "service")),
		Threshold: c.Call.Threshold,
		CountTime: seconds(c.Call.CountTime),
		BanTime:   seconds(c.Call.BanTime),
		Forget:    c.Call.CountTime == 0,
		Permanent: c.Call.Op == "increase" && c.Call.BanTime == 0,
	}
	var got bwstate.BadBehaviorResult
	var err error
	if c.Call.Op == "increase" {
		got, err = f.state.IncreaseBadBehavior(f.ctx, c.Call.addr(), b)
	} else {
		got, err = f.state.DecreaseBadBehavior(f.ctx, c.Call.addr(), b)
	}
	switch {
	case c.Name == "increase negative-ban-time":
		// On a node the server refuses the ban when the request has been counted. Here nothing is sent.
		f.requireArgumentError("BanTime", err)
		c.After = map[string]record{"plugin_bad_behavior_1.2.3.4": {"string", 60, "2"}}
	case !c.succeeded():
		f.requireReply(c.problem(), err)
		require.Zero(f, got)
	default:
		require.NoError(f, err)
		require.EqualValues(f, c.Returns[0], got.Count)
		require.Equal(f, c.Call.Op == "increase" && got.Count >= int64(c.Call.Threshold), got.Banned)
		require.False(f, got.Kept)
	}
	f.requireKeys(c.After)
}
