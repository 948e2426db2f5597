package conformance

import (
	"bytes"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

var sessionTests = []test{
	{"data comes back as it was saved", sessionRoundTrip},
	{"no such session", sessionUnknown},
	{"saving again replaces data and lifetime", sessionReplaced},
	{"delete", sessionDeleted},
	{"lifetimes are rounded up to seconds", sessionRounding},
	{"a session ends", sessionEnds},
	{"a session without an end", sessionWithoutEnd},
	{"an end in a thousand years", sessionOfAMillennium},
	{"cookies do not share sessions", sessionCookies},
	{"what BunkerWeb reads", sessionValues},
	{"what is no session", sessionNoValues},
	{"a list", sessionIsAList},
	{"bad arguments", sessionArguments},
}

// sessions are the sessions of a cookie.
func (f *fixture) sessions(cookie string) *bwstate.Sessions {
	f.Helper()
	ss, err := f.state.Sessions(cookie)
	require.NoError(f, err)
	return ss
}

func (f *fixture) save(ss *bwstate.Sessions, id bwstate.SessionID, data string, ttl time.Duration) {
	f.Helper()
	require.NoError(f, ss.Save(f.ctx, id, []byte(data), ttl))
}

func (f *fixture) requireSession(ss *bwstate.Sessions, id bwstate.SessionID, want string) {
	f.Helper()
	data, found, err := ss.Load(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	require.Equal(f, want, string(data))
}

func (f *fixture) requireNoSession(ss *bwstate.Sessions, id bwstate.SessionID) {
	f.Helper()
	data, found, err := ss.Load(f.ctx, id)
	require.NoError(f, err)
	require.False(f, found)
	require.Nil(f, data)
	ttl, found, err := ss.TTL(f.ctx, id)
	require.NoError(f, err)
	require.False(f, found)
	require.Zero(f, ttl)
	deleted, err := ss.Delete(f.ctx, id)
	require.NoError(f, err)
	require.False(f, deleted)
}

// sessionKeyOf is where a session is stored.
func sessionKeyOf(cookie string, id bwstate.SessionID) string {
	return "sessions_:" + cookie + ":" + id.Text()
}

func sessionRoundTrip(f *fixture) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	ss := f.sessions("s")
	want := map[string]record{}
	for _, data := range [][]byte{nil, []byte("x"), []byte("\r\n"), all, bytes.Repeat(all, 4096)} {
		id := bwstate.NewSessionID()
		given := bytes.Clone(data)
		require.NoError(f, ss.Save(f.ctx, id, given, time.Hour))
		clear(given) // it was copied
		got, found, err := ss.Load(f.ctx, id)
		require.NoError(f, err)
		require.True(f, found)
		require.NotNil(f, got)
		require.True(f, bytes.Equal(data, got))
		clear(got) // it is the caller's
		f.requireSession(ss, id, string(data))
		want[sessionKeyOf("s", id)] = record{"string", 3600, f.text("GET", sessionKeyOf("s", id))}
	}
	f.requireKeys(want)
}

func sessionUnknown(f *fixture) {
	ss := f.sessions("s")
	f.save(ss, bwstate.NewSessionID(), "of another", time.Hour)
	f.requireNoSession(ss, bwstate.NewSessionID())
	require.Len(f, f.keys(), 1)
}

func sessionReplaced(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	f.save(ss, id, "old", time.Hour)
	f.save(ss, id, "new", time.Minute)
	f.requireSession(ss, id, "new")
	ttl, found, err := ss.TTL(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	f.requireAbout(time.Minute, ttl)
}

func sessionDeleted(f *fixture) {
	ss, id, other := f.sessions("s"), bwstate.NewSessionID(), bwstate.NewSessionID()
	f.save(ss, id, "x", time.Hour)
	f.save(ss, other, "y", time.Hour)
	deleted, err := ss.Delete(f.ctx, id)
	require.NoError(f, err)
	require.True(f, deleted)
	f.requireNoSession(ss, id)
	f.requireSession(ss, other, "y")
}

func sessionRounding(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	for _, c := range []struct {
		asked time.Duration
		want  int64
	}{{time.Second, 1}, {10*time.Second + 1, 11}, {1500 * time.Millisecond, 2}, {time.Hour, 3600}} {
		f.save(ss, id, "x", c.asked)
		f.requireTTL(sessionKeyOf("s", id), c.want)
	}
}

func sessionEnds(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	f.save(ss, id, "x", time.Second)
	require.Eventually(f, func() bool {
		_, found, err := ss.Load(f.ctx, id)
		require.NoError(f, err)
		return !found
	}, 5*time.Second, 20*time.Millisecond)
	f.requireNoSession(ss, id)
}

func sessionWithoutEnd(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	f.do("SET", sessionKeyOf("s", id), `["eA"]`)
	ttl, found, err := ss.TTL(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	require.Zero(f, ttl)
}

func sessionOfAMillennium(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	f.do("SET", sessionKeyOf("s", id), `["eA"]`, "EX", "31556952000")
	ttl, found, err := ss.TTL(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	require.Greater(f, ttl, 290*365*24*time.Hour)
}

func sessionCookies(f *fixture) {
	a, b, id := f.sessions("a"), f.sessions("b"), bwstate.NewSessionID()
	f.save(a, id, "x", time.Hour)
	f.requireNoSession(b, id)
	f.requireSession(a, id, "x")
}

func sessionValues(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	for _, value := range []string{
		`["eHl6"]`,
		` [ "eHl6" ] ` + "\r\n",
		`["eHl6","e30"]`, // with what the library stores beside it when told to
		`["\u0065Hl6"]`,
	} {
		f.do("SET", sessionKeyOf("s", id), value)
		f.requireSession(ss, id, "xyz")
	}
}

func sessionNoValues(f *fixture) {
	const secret = "eHl6eHl6eHl6"
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	for _, value := range []string{
		secret, `null`, `42`, `"` + secret + `"`, `[]`, `[null]`, `["` + secret + `",null]`, `["` + secret + `",1]`,
		`{"0":"` + secret + `"}`, `["` + secret + `"`, `["` + secret + `"]x`, `[["` + secret + `"]]`, `["` + secret + `","",""]`,
		`["` + secret + `="]`, `["+` + secret + `"]`, `["/` + secret + `"]`, `["` + secret + `\n"]`, `["` + secret + ` "]`, "[\"\xff" + secret + `"]`,
		`["` + secret + `x"]`, `["` + secret + `"]` + strings.Repeat(" ", 13<<20),
	} {
		f.do("SET", sessionKeyOf("s", id), value)
		data, found, err := ss.Load(f.ctx, id)
		var e *bwstate.ValueError
		require.ErrorAs(f, err, &e, "%q", value)
		require.False(f, found)
		require.Nil(f, data)
		require.Equal(f, "session", e.What)
		require.NotContains(f, err.Error(), secret)
		requireHides(f, id, err)
	}
	f.do("SET", sessionKeyOf("s", id), "")
	_, found, err := ss.Load(f.ctx, id)
	require.NoError(f, err)
	require.False(f, found)
}

func sessionIsAList(f *fixture) {
	ss, id := f.sessions("s"), bwstate.NewSessionID()
	f.do("RPUSH", sessionKeyOf("s", id), "x")
	_, found, err := ss.Load(f.ctx, id)
	f.requireReply("WRONGTYPE", err)
	require.False(f, found)
	requireHides(f, id, err)
	f.save(ss, id, "y", time.Hour) // takes its place
	f.requireSession(ss, id, "y")
}

func sessionArguments(f *fixture) {
	for _, cookie := range []string{"", "a:b", "a b", "a\n", "a;b", "é", "a=b", string(make([]byte, 5000))} {
		ss, err := f.state.Sessions(cookie)
		f.requireArgumentError("cookie name", err)
		require.Nil(f, ss)
	}
	ss, id := f.sessions("__Host-s"), bwstate.NewSessionID()
	for _, ttl := range []time.Duration{0, -time.Hour, time.Second - 1, 1<<63 - 1} {
		err := ss.Save(f.ctx, id, nil, ttl)
		f.requireArgumentError("ttl", err)
		requireHides(f, id, err)
	}
	f.requireArgumentError("data", ss.Save(f.ctx, id, make([]byte, 8<<20+1), time.Hour))
	f.requireKeys(nil)
}

// requireHides checks that an error does not give a session away.
func requireHides(f *fixture, id bwstate.SessionID, err error) {
	f.Helper()
	require.NotContains(f, err.Error(), id.Text())
}
