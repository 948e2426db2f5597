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
	if c.Call.CountTime == 0 {
		f.Skip("a BadBehavior has no CountTime of zero: it stands for the default")
	}
	b := bwstate.BadBehavior{
		Service:   c.Call.ServerName,
		Scope:     bwstate.Scope(or(c.Call.Scope, "service")),
		Threshold: c.Call.Threshold,
		CountTime: seconds(c.Call.CountTime),
		BanTime:   seconds(c.Call.BanTime),
		Permanent: c.Call.Op == "increase" && c.Call.BanTime == 0,
	}
	var count int64
	var banned bool
	var err error
	if c.Call.Op == "increase" {
		count, banned, err = f.state.IncreaseBadBehavior(f.ctx, c.Call.addr(), b)
	} else {
		count, err = f.state.DecreaseBadBehavior(f.ctx, c.Call.addr(), b)
	}
	switch {
	case c.Name == "increase negative-ban-time":
		// On a node the server refuses the ban when the request has been counted. Here nothing is sent.
		f.requireArgumentError("BanTime", err)
		c.After = map[string]record{"plugin_bad_behavior_1.2.3.4": {"string", 60, "2"}}
	case !c.succeeded():
		f.requireReply(c.problem(), err)
		require.False(f, banned)
	default:
		require.NoError(f, err)
		require.EqualValues(f, c.Returns[0], count)
		require.Equal(f, c.Call.Op == "increase" && count >= int64(c.Call.Threshold), banned)
	}
	f.requireKeys(c.After)
}
