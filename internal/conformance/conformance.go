// Package conformance is what a bwstate.State must do whatever is behind it. The same tests run against the embedded store and against servers:
//
//	conformance.Run(t, func(t *testing.T) *bwstate.State { … })
//
// They see the store through the State alone. Whether a store can block, which the embedded one cannot, is found out by asking it.
//
// The golden cases in testdata are the outcome of BunkerWeb's own code. Where a State does something else on purpose, the test says so.
package conformance

import (
	"context"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

// patience is how long something may take that takes no time, and bound how long one test may, also where many programs share a processor.
const (
	patience = 30 * time.Second
	bound    = 4 * patience
)

// Run runs every test as a subtest of t, one after the other. newState is called once for each of them and returns a State of a store that holds no
// keys; it may return the same one after it has emptied the store. Closing it is the caller's task.
func Run(t *testing.T, newState func(t *testing.T) *bwstate.State) {
	for _, group := range groups() {
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					state := newState(t)
					test.run(newFixture(t, state, state))
				})
			}
		})
	}
}

// RunRestricted runs the same tests on States that may do no more than documents say, so without those of [bwstate.State.Do], which may do anything. newStates returns such a
// State, and another of the same empty store that may do everything and belongs to the tests themselves.
func RunRestricted(t *testing.T, newStates func(t *testing.T) (restricted, control *bwstate.State)) {
	for _, group := range groups() {
		if group.name == doGroup {
			continue
		}
		t.Run(group.name, func(t *testing.T) {
			for _, test := range group.tests {
				t.Run(test.name, func(t *testing.T) {
					restricted, control := newStates(t)
					test.run(newFixture(t, restricted, control))
				})
			}
		})
	}
}

// EachOperation calls every operation once, on a State of an empty store, and returns what each said.
func EachOperation(t *testing.T, restricted, control *bwstate.State) map[string]error {
	f, said := newFixture(t, restricted, control), map[string]error{}
	for _, op := range operations(f) {
		said[op.name] = op.call(f.ctx, restricted)
	}
	return said
}

// A group is the tests of one topic.
type group struct {
	name  string
	tests []test
}

// doGroup is the one whose tests send commands of their own.
const doGroup = "commands"

func groups() []group {
	return []group{
		{"golden add_ban", goldenAddBan()},
		{"golden is_banned", goldenIsBanned()},
		{"golden remove_ban", goldenRemoveBan()},
		{"golden bad behavior", goldenBadBehavior()},
		{"golden sessions", goldenSessions()},
		{"golden cachestore", goldenNodeCache()},
		{"golden limits", goldenLimits()},
		{"golden limits of services", goldenServiceLimits()},
		{"golden clocks", goldenClocks()},
		{"golden reports", goldenReportTests()},
		{"golden metrics", goldenMetrics()},
		{"bans", banTests},
		{"stored bans", storedBanTests()},
		{"checks of bans", banCheckTests},
		{"list of bans", banListTests()},
		{"unban everywhere", unbanEverywhereTests},
		{"bad behavior", badBehaviorTests},
		{"choices of bad behavior", badBehaviorChoiceTests},
		{"limits", limitTests},
		{"quotas", quotaTests},
		{"counters of limits", limitCountTests},
		{"sessions", sessionTests},
		{"application's sessions", appSessionTests},
		{"visitors' sessions", visitorTests},
		{"nodes' cache", nodeCacheTests},
		{"cache", cacheTests},
		{"batches", batchTests},
		{"reports", reportTests},
		{"metrics", metricsTests},
		{"counters", counterTests},
		{"counters' windows and tokens", counterWindowTests},
		{"lists of the most frequent", topTests},
		{doGroup, commandTests},
		{"durable", durableTests},
		{"everything", everythingTests},
	}
}

// A test is one subtest.
type test struct {
	name string
	run  func(f *fixture)
}

// A fixture is a State of an empty store, and what tests do with it.
type fixture struct {
	*testing.T
	state   *bwstate.State
	control *bwstate.State // of the same store: what the test itself does there
	ctx     context.Context
	begin   time.Time
}

func newFixture(t *testing.T, state, control *bwstate.State) *fixture {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	f := &fixture{T: t, state: state, control: control, ctx: ctx, begin: time.Now()}
	require.Empty(t, f.keys(), "newState must return a State of an empty store")
	return f
}

// part runs a part of a test as a subtest on the same store.
func (f *fixture) part(name string, run func(f *fixture)) {
	f.Run(name, func(t *testing.T) {
		part := *f
		part.T = t
		run(&part)
	})
}

// do runs a command that must succeed.
func (f *fixture) do(args ...string) resp.Value {
	f.Helper()
	v, err := f.control.Do(f.ctx, args...)
	require.NoError(f, err, "%.60q", args)
	return v
}

// text runs a command whose reply is a text.
func (f *fixture) text(args ...string) string {
	f.Helper()
	s, err := f.do(args...).Text()
	require.NoError(f, err, "%.60q", args)
	return s
}

// int runs a command whose reply is an integer.
func (f *fixture) int(args ...string) int64 {
	f.Helper()
	n, err := f.do(args...).Int()
	require.NoError(f, err, "%.60q", args)
	return n
}

// needsBlocking skips the test when the store has no commands that block.
func (f *fixture) needsBlocking() {
	f.Helper()
	const probe = "conformance:list"
	f.do("RPUSH", probe, "x")
	_, err := f.control.Do(f.ctx, "BLPOP", probe, "1")
	if resp.IsCode(err, "ERR") { // there is something to pop: the command itself is unknown
		require.EqualValues(f, 1, f.int("DEL", probe))
		f.Skip("the store does not block")
	}
	require.NoError(f, err)
}

// setup runs the commands that a golden case begins with.
func (f *fixture) setup(commands [][]string) {
	f.Helper()
	for _, args := range commands {
		f.do(args...)
	}
}

// keys returns all keys there are.
func (f *fixture) keys() []string {
	f.Helper()
	keys, cursor := []string{}, "0"
	for {
		reply := f.do("SCAN", cursor, "COUNT", "1000").Elems()
		require.Len(f, reply, 2)
		for _, key := range reply[1].Elems() {
			text, err := key.Text()
			require.NoError(f, err)
			keys = append(keys, text)
		}
		var err error
		cursor, err = reply[0].Text()
		require.NoError(f, err)
		if cursor == "0" {
			return keys
		}
	}
}

// A record is a key as the golden files show it.
type record struct {
	Type  string `json:"type"`
	TTL   int64  `json:"ttl"` // seconds; -1: none
	Value any    `json:"value"`
}

// requireKeys checks that the store holds these keys and no others.
func (f *fixture) requireKeys(want map[string]record) {
	f.Helper()
	names := make([]string, 0, len(want))
	for key := range want {
		names = append(names, key)
	}
	require.ElementsMatch(f, names, f.keys())
	for key, r := range want {
		require.Equal(f, r.Type, f.text("TYPE", key), key)
		f.requireTTL(key, r.TTL)
		switch value := r.Value.(type) {
		case string:
			f.requireSameValue(value, f.text("GET", key))
		case []any:
			var got []any
			for _, e := range f.do("LRANGE", key, "0", "-1").Elems() {
				s, err := e.Text()
				require.NoError(f, err)
				got = append(got, s)
			}
			require.Equal(f, value, got, key)
		default:
			f.Fatalf("%s has a value of type %T", key, value)
		}
	}
}

func (f *fixture) requireTTL(key string, seconds int64) {
	f.Helper()
	ms := f.int("PTTL", key)
	if seconds < 0 {
		require.Equal(f, seconds, ms, "lifetime of %s", key)
		return
	}
	f.requireAbout(time.Duration(seconds)*time.Second, time.Duration(ms)*time.Millisecond)
}

// requireAbout checks a lifetime that began to run during this test.
func (f *fixture) requireAbout(want, got time.Duration) {
	f.Helper()
	const coarse = 200 * time.Millisecond // clocks
	require.LessOrEqual(f, got, want)
	require.GreaterOrEqual(f, got, want-time.Since(f.begin)-coarse)
}

// requireSameValue compares JSON objects by what they say, because the order of their fields means nothing, and everything else byte for byte.
func (f *fixture) requireSameValue(want, got string) {
	f.Helper()
	var wantFields, gotFields map[string]any
	if json.Unmarshal([]byte(want), &wantFields) != nil || wantFields == nil {
		require.Equal(f, want, got)
		return
	}
	require.NoError(f, json.Unmarshal([]byte(got), &gotFields), got)
	require.Equal(f, wantFields, gotFields)
}

// requireReply checks that a server said no, in these words. Newer servers may say more behind them.
func (f *fixture) requireReply(want string, err error) {
	f.Helper()
	var reply *resp.Error
	require.ErrorAs(f, err, &reply)
	require.Contains(f, reply.Message, want)
}

// requireArgumentError checks that an operation was refused because of the argument or field of that name.
func (f *fixture) requireArgumentError(name string, err error) {
	f.Helper()
	var e *bwstate.ArgumentError
	require.ErrorAs(f, err, &e)
	require.Equal(f, name, e.Name)
	require.Contains(f, err.Error(), name)
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }
