package bwstate

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var someVisitor = Visitor{netip.MustParseAddr("203.0.113.7"), "agent/1.0"}

// cookieOf is the value that the browser keeps after a save.
func cookieOf(s *VisitorSession) string {
	value, _, _ := strings.Cut(s.SetCookies()[0], ";")
	return value[strings.IndexByte(value, '=')+1:]
}

// fresh saves a new session.
func (r *visitorRig) fresh() *VisitorSession {
	r.Helper()
	s, err := r.sessions.New(someVisitor)
	require.NoError(r, err)
	require.NoError(r, s.Set("k", "v"))
	require.NoError(r, s.Save(r.Context()))
	return s
}

func (r *visitorRig) mustOpen(cookie string) *VisitorSession {
	r.Helper()
	s, err := r.open(cookie)
	require.NoError(r, err)
	return s
}

// keyOf is where a saved session is stored.
func keyOf(s *VisitorSession) string {
	id, _ := s.ID()
	return sessionKey("bwgolden", id)
}

func TestVisitorSessionRoundTrips(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	cost := func(operation func()) uint64 {
		before := r.state.RoundTrips()
		operation()
		return r.state.RoundTrips() - before
	}
	var s *VisitorSession
	require.EqualValues(t, 1, cost(func() { s = r.fresh() }), "create")
	cookie := cookieOf(s)
	require.EqualValues(t, 1, cost(func() { s = r.mustOpen(cookie) }), "open")
	require.EqualValues(t, 1, cost(func() {
		require.NoError(t, s.Set("k", "w"))
		require.NoError(t, s.Commit(t.Context()))
	}), "save")
	require.Zero(t, cost(func() { s.Touch() }))
	require.EqualValues(t, 1, cost(func() { require.NoError(t, s.Destroy(t.Context())) }))
	require.Zero(t, cost(func() {
		_, err := r.open("x")
		require.Equal(t, CookieTruncated, reason(t, err))
	}))
}

// A timeout passes one second after it is reached, and 0 is none. Each is counted from something else.
func TestVisitorTimeoutsToTheSecond(t *testing.T) {
	const created, saved, touched = 1700000000, 1700000100, 1700000300
	for name, c := range map[string]struct {
		settings VisitorSettings
		last     int64
		reason   Reason
	}{
		"absolute": {VisitorSettings{Absolute: 1000 * time.Second, Rolling: NoTimeout, Idling: NoTimeout}, created + 1000, AbsoluteExpired},
		"rolling":  {VisitorSettings{Absolute: NoTimeout, Rolling: 1000 * time.Second, Idling: NoTimeout}, saved + 1000, RollingExpired},
		"idling":   {VisitorSettings{Absolute: NoTimeout, Rolling: NoTimeout, Idling: 1000 * time.Second}, touched + 1000, IdlingExpired},
		"fraction": {VisitorSettings{Absolute: 1000*time.Second + 999*time.Millisecond, Rolling: NoTimeout, Idling: NoTimeout}, created + 1000, AbsoluteExpired},
		"all": {
			VisitorSettings{Absolute: 500 * time.Second, Rolling: 400 * time.Second, Idling: 200 * time.Second},
			created + 500, AbsoluteExpired, // the first of those that pass together
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newVisitorRig(t, c.settings)
			r.now = created
			s := r.fresh()
			r.now = saved
			require.NoError(t, s.Save(t.Context()))
			r.now = touched
			s.Touch()
			cookie := cookieOf(s)
			require.EqualValues(t, []int64{created, saved, touched}, []int64{s.Created().Unix(), s.Saved().Unix(), s.Touched().Unix()})
			r.do("PERSIST", keyOf(s))
			r.now = c.last
			r.mustOpen(cookie)
			r.now++
			_, err := r.open(cookie)
			require.Equal(t, c.reason, reason(t, err))
			require.Equal(t, "1", r.do("EXISTS", keyOf(s)))
		})
	}
	r := newVisitorRig(t, VisitorSettings{Absolute: NoTimeout, Rolling: NoTimeout, Idling: NoTimeout})
	s := r.fresh()
	r.now += 50 * 365 * 24 * 3600
	r.mustOpen(cookieOf(s))
}

// What is due at the end of a request depends on when the session was opened.
func TestVisitorCommitDoesWhatIsDue(t *testing.T) {
	for _, c := range []struct {
		after   int64
		cookies int
		saved   bool
		rolling time.Duration
	}{
		{0, 0, false, 0},
		{60, 0, false, 0},
		{61, 1, false, 0},
		{2700, 1, false, 0},
		{2701, 1, true, 0},
		{2701, 1, false, 3601 * time.Second},
		{2702, 1, true, 3601 * time.Second}, // 2700.75 is rounded up
	} {
		r := newVisitorRig(t, VisitorSettings{Idling: NoTimeout, Rolling: c.rolling})
		first := r.fresh()
		r.now += c.after
		s := r.mustOpen(cookieOf(first))
		require.NoError(t, s.Commit(t.Context()))
		require.Len(t, s.SetCookies(), c.cookies, "%d s", c.after)
		require.Equal(t, c.saved, keyOf(s) != keyOf(first), "%d s", c.after)
	}
}

// A minute counts from the last touch.
func TestVisitorIsTouchedOnceAMinute(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	cookie := cookieOf(r.fresh())
	for _, c := range []struct {
		after   int64
		touched bool
	}{{61, true}, {60, false}, {1, true}, {60, false}, {1, true}} {
		r.now += c.after
		s := r.mustOpen(cookie)
		require.NoError(t, s.Commit(t.Context()))
		require.Equal(t, c.touched, len(s.SetCookies()) > 0)
		if c.touched {
			cookie = cookieOf(s)
		}
	}
}

// The old key lives on for ten seconds, for requests that are under way; one that has less, or has no end, is left alone.
func TestVisitorSaveLeavesTheOldKeyForTenSeconds(t *testing.T) {
	for name, c := range map[string]struct {
		change []string
		want   string
	}{
		"usual":       {nil, "10"},
		"replaced":    {[]string{"EXPIRE", "", "7"}, "7"},
		"ten already": {[]string{"EXPIRE", "", "10"}, "10"},
		"eleven":      {[]string{"EXPIRE", "", "11"}, "10"},
		"no end":      {[]string{"PERSIST", ""}, "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newVisitorRig(t, VisitorSettings{})
			first := r.fresh()
			old, cookie := keyOf(first), cookieOf(first)
			require.Equal(t, "3600", r.do("TTL", old))
			one := r.mustOpen(cookie)
			if c.change != nil {
				c.change[1] = old
				r.do(c.change...)
			}
			require.NoError(t, one.Save(t.Context()))
			require.Equal(t, c.want, r.do("TTL", old))
			require.Equal(t, "3600", r.do("TTL", keyOf(one)))
			r.mustOpen(cookieOf(one))
		})
	}
}

func TestVisitorDestroy(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{Domain: "example.com"})
	other := r.fresh()
	s := r.fresh()
	cookie := cookieOf(s)
	require.NoError(t, s.Destroy(t.Context()))
	require.Equal(t, []string{"bwgolden=; Domain=example.com; Path=/; SameSite=Lax; HttpOnly; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"}, s.SetCookies())
	_, err := r.open(cookie)
	require.Equal(t, NotStored, reason(t, err), "a replay finds nothing")
	r.mustOpen(cookieOf(other))
	require.NoError(t, s.Destroy(t.Context()))
	require.ErrorIs(t, s.Save(t.Context()), errEnded)
	require.ErrorIs(t, s.Set("k", "w"), errEnded)
	s.Remove("k")
	require.False(t, s.Changed())
	require.NoError(t, s.Commit(t.Context()))
	s.Touch()
	require.Len(t, s.SetCookies(), 1)

	s = r.mustOpen(cookieOf(other))
	old := cookieOf(other)
	require.NoError(t, s.Save(t.Context()))
	require.NoError(t, s.Destroy(t.Context()))
	_, err = r.open(old)
	require.Equal(t, NotStored, reason(t, err), "who saves and then ends a session ends both")

	never, err := r.sessions.New(someVisitor)
	require.NoError(t, err)
	require.NoError(t, never.Destroy(t.Context()))
	require.Empty(t, never.SetCookies())
}

func TestVisitorCheck(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	another := Visitor{netip.MustParseAddr("2001:db8::7"), "agent/1.0"}
	browser := Visitor{someVisitor.IP, "other"}
	s := r.fresh()
	require.NoError(t, s.Check(someVisitor))
	require.NoError(t, s.Check(Visitor{netip.MustParseAddr("::ffff:203.0.113.7"), "agent/1.0"}))
	require.Equal(t, OtherIP, reason(t, s.Check(another)))
	require.Equal(t, OtherUserAgent, reason(t, s.Check(browser)))
	for metadata, want := range map[string]Reason{
		`{"IP":"203.0.113.7"}`: MetadataIncomplete, `{"USER_AGENT":"agent/1.0"}`: MetadataIncomplete, `[]`: MetadataIncomplete, `"x"`: MetadataIncomplete,
		`{"IP":1,"USER_AGENT":"agent/1.0"}`: MetadataIncomplete, `{"IP":"203.0.113.7","USER_AGENT":null}`: MetadataIncomplete,
		`{"IP":"203.0.113.8"}`: MetadataIncomplete, `{"IP":"203.0.113.8","USER_AGENT":"agent/1.0"}`: OtherIP,
	} {
		require.NoError(t, s.Set("metadata", json.RawMessage(metadata)))
		require.Equal(t, want, reason(t, s.Check(someVisitor)), metadata)
	}
	s.sessions.settings.AnyUserAgent = true
	require.NoError(t, s.Set("metadata", json.RawMessage(`{"IP":"203.0.113.7"}`)))
	require.NoError(t, s.Check(browser), "what is not compared may be missing")
	s.sessions.settings.AnyIP, s.sessions.settings.AnyUserAgent = true, false
	require.NoError(t, s.Set("metadata", json.RawMessage(`{"USER_AGENT":"agent/1.0"}`)))
	require.NoError(t, s.Check(another))
	s.sessions.settings.AnyIP = false
	s.Remove("metadata")
	require.NoError(t, s.Check(another), "without metadata nodes check nothing")

	lax := newVisitorRig(t, VisitorSettings{AnyIP: true, AnyUserAgent: true})
	s = lax.fresh()
	require.NoError(t, s.Check(another))
	require.NoError(t, s.Check(browser))
	_, err := r.sessions.New(Visitor{})
	require.Error(t, err)

	odd := Visitor{someVisitor.IP, "a\xff\"\\/\x7f\x00é"} // as it came, also when it is no UTF-8
	s, err = r.sessions.New(odd)
	require.NoError(t, err)
	require.NoError(t, s.Save(t.Context()))
	require.NoError(t, r.mustOpen(cookieOf(s)).Check(odd))
}

// Each audience keeps what it has when another saves.
func TestVisitorAudiences(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	settings := r.sessions.settings
	settings.Secret, settings.Audience = "golden-secret-0123456789", "shop"
	shop, err := r.state.VisitorSessions(settings)
	require.NoError(t, err)
	cart, err := shop.Open(t.Context(), only("bwgolden", cookieOf(s)))
	require.NoError(t, err)
	require.True(t, cart.IsNew())
	require.NoError(t, cart.Check(someVisitor), "metadata is of the whole session")
	require.NoError(t, cart.Commit(t.Context()))
	require.Empty(t, cart.SetCookies(), "nothing was put into it")
	require.NoError(t, cart.Set("items", 3))
	require.NoError(t, cart.Commit(t.Context()))

	s = r.mustOpen(cookieOf(cart))
	require.False(t, s.IsNew())
	var k string
	found, err := s.Get("k", &k)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "v", k)
	require.NotContains(t, s.Names(), "items")
	require.NoError(t, s.Save(t.Context()))
	cart, err = shop.Open(t.Context(), only("bwgolden", cookieOf(s)))
	require.NoError(t, err)
	require.False(t, cart.IsNew())
	raw, found := cart.Raw("items")
	require.True(t, found)
	require.Equal(t, "3", string(raw))

	fresh, err := shop.New(someVisitor)
	require.NoError(t, err)
	require.Empty(t, fresh.Names())
	require.Equal(t, OtherUserAgent, reason(t, fresh.Check(Visitor{someVisitor.IP, "other"})), "nodes find metadata in theirs")
}

// Lua has one kind of table, and writes an empty one as {}.
func TestVisitorGetReadsEmptyTablesAsEither(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	list, object, text := []int{1}, map[string]int{}, ""
	require.NoError(t, s.Set("list", json.RawMessage(`{ }`)))
	require.NoError(t, s.Set("object", []int{}))
	_, err := s.Get("list", &list)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = s.Get("object", &object)
	require.NoError(t, err)
	_, err = s.Get("list", &text)
	require.Error(t, err)
}

// A second string that other users of the library store beside the first is kept.
func TestVisitorInfoIsKept(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	r.do("SET", keyOf(s), strings.TrimSuffix(r.do("GET", keyOf(s)), "]")+`,"e30"]`)
	s = r.mustOpen(cookieOf(s))
	require.NoError(t, s.Save(t.Context()))
	require.True(t, strings.HasSuffix(r.do("GET", keyOf(s)), `,"e30"]`))
}

// A session whose data is long is deflated, and one in cookies is cut where nodes cut it.
func TestVisitorLongData(t *testing.T) {
	for _, size := range []int{900, 1100, 100_000, 700_000} {
		r := newVisitorRig(t, VisitorSettings{})
		s := r.fresh()
		require.NoError(t, s.Set("k", strings.Repeat("x", size)))
		require.NoError(t, s.Save(t.Context()))
		require.Equal(t, size > 1024, s.header.flags()&flagDeflated != 0)
		noise := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{1, 2, 3, 7, 9, 11, 250, 99, 17}, size/9))
		s = r.mustOpen(cookieOf(s))
		require.NoError(t, s.Set("n", noise[:min(len(noise), 300_000)]))
		require.NoError(t, s.Save(t.Context()))
		r.mustOpen(cookieOf(s))
	}
}

func TestVisitorDataIsDeflatedFrom1025BytesOn(t *testing.T) {
	for size, want := range map[int]bool{1024: false, 1025: true} {
		packed, deflated := pack(bytes.Repeat([]byte("x"), size))
		require.Equal(t, want, deflated, size)
		require.Equal(t, want, len(packed) < size)
	}
}

func TestVisitorSaveFails(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	cookies, key := s.SetCookies(), keyOf(s)
	require.NoError(t, s.Set("k", "w"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.Save(ended), context.Canceled)
	require.Equal(t, cookies, s.SetCookies())
	require.Equal(t, key, keyOf(s))
	require.True(t, s.Changed())
	require.NoError(t, s.Save(t.Context()))
	require.False(t, s.Changed())
}
