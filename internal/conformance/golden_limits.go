package conformance

import (
	"time"
	_ "time/tzdata" // the zones of the recorded clocks

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// A goldenLimit is one request that a node counted, as limit.json and limit_global.json have it.
type goldenLimit struct {
	Name    string            `json:"name"`
	Now     int64             `json:"now"`
	Setup   [][]string        `json:"setup"`
	Returns []any             `json:"lua_returns"`
	Limited []any             `json:"limit_req_returns"` // of the whole function, whether it limits is the second
	After   map[string]record `json:"after"`
	Call    struct {
		Max       int64  `json:"rate_max"`
		Unit      string `json:"rate_time"`
		Timestamp int64  `json:"timestamp"`
		Service   string `json:"server_name"`
		IP        string `json:"remote_addr"`
		Path      string `json:"uri"`
	} `json:"call"`
}

func loadLimits(file string) []goldenLimit {
	var all struct{ Cases []goldenLimit }
	load(file, &all)
	return all.Cases
}

func goldenLimits() (tests []test) {
	for _, c := range loadLimits("limit.json") {
		tests = append(tests, test{c.Name, func(f *fixture) {
			f.setup(c.Setup)
			c.runPath(f)
			f.requireKeys(c.After)
		}})
	}
	return tests
}

func (c *goldenLimit) runPath(f *fixture) {
	rate, err := bwstate.ParseRate(intText(c.Call.Max) + "r/" + c.Call.Unit)
	if c.Name == "unknown-unit" {
		// On a node the server refuses each of these requests. Here the rate is.
		f.requireArgumentError("rate", err)
		return
	}
	require.NoError(f, err)
	limits := f.limitsAt(time.Unix(c.Call.Timestamp, 0))
	result, err := limits.Path(f.ctx, bwstate.PathLimit{Rate: rate, Service: c.Call.Service, IP: addr(c.Call.IP), Path: c.Call.Path})
	switch c.Name {
	case "invalid-json":
		var e *bwstate.ValueError
		require.ErrorAs(f, err, &e)
		require.Zero(f, result)
	case "wrong-type":
		f.requireReply(c.Returns[1].(string), err)
		require.Zero(f, result)
	default:
		require.NoError(f, err)
		require.EqualValues(f, len(c.Returns[0].([]any)), result.Count)
		require.Equal(f, c.Limited[1], result.Limited)
		require.Equal(f, rate.Limit, result.Limit)
	}
}

func goldenServiceLimits() (tests []test) {
	for _, c := range loadLimits("limit_global.json") {
		tests = append(tests, test{c.Name, func(f *fixture) {
			f.setup(c.Setup)
			c.runService(f)
			f.requireKeys(c.After)
		}})
	}
	return tests
}

func (c *goldenLimit) runService(f *fixture) {
	rate, err := bwstate.ParseRate("2r/" + c.Call.Unit)
	require.NoError(f, err)
	limits := f.limitsAt(time.Unix(c.Call.Timestamp, 0))
	result, err := limits.Service(f.ctx, bwstate.ServiceLimit{Rate: rate, Service: c.Call.Service})
	if c.Name == "not-integer" {
		f.requireReply(c.Returns[1].(string), err)
		return
	}
	if c.Name == "no-ttl-leak" {
		// A node leaves a counter without an end as it is. Here it ends.
		for key, r := range c.After {
			r.TTL = 60
			c.After[key] = r
		}
	}
	require.NoError(f, err)
	require.EqualValues(f, c.Returns[0], result.Count)
	require.Equal(f, result.Count > 2, result.Limited)
}

// goldenClocks are what nodes in other time zones take for the time.
func goldenClocks() (tests []test) {
	var all struct {
		Cases []struct {
			Zone  string `json:"TZ"`
			Unix  int64  `json:"unix_time"`
			Date  string `json:"date"`
			Node  int64  `json:"bunkerweb_timestamp"`
			Shift int64  `json:"shift"`
		}
	}
	load("timestamps_tz.json", &all)
	for _, c := range all.Cases {
		tests = append(tests, test{c.Zone + " " + c.Date, func(f *fixture) {
			zone, err := time.LoadLocation(c.Zone)
			require.NoError(f, err)
			now := time.Unix(c.Unix, 0)
			require.Equal(f, time.Duration(c.Shift)*time.Second, bwstate.NodeShift(zone, now))
			limits, err := f.state.Limits(bwstate.LimitsConfig{Zone: zone, Now: func() time.Time { return now }})
			require.NoError(f, err)
			second := bwstate.Rate{Limit: 1, Window: time.Second}
			_, err = limits.Service(f.ctx, bwstate.ServiceLimit{Rate: second, Service: site})
			require.NoError(f, err)
			_, err = limits.Path(f.ctx, bwstate.PathLimit{Rate: second, Service: site, IP: client, Path: "/"})
			require.NoError(f, err)
			f.requireKeys(map[string]record{
				"plugin_limit_global_www.example.com_" + intText(c.Node): {"string", 1, "1"},
				"plugin_limit_www.example.com203.0.113.7/":               {"string", 1, "[" + intText(c.Node) + "]"},
			})
		}})
	}
	return tests
}
