package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/bwredis/bwredis/resp"
	"github.com/stretchr/testify/require"
)

func markKey(subject string) string { return "bwredis:revoked:app:" + hash("subject "+subject) }

// nobodyThere is a server that is away.
type nobodyThere struct{}

func (nobodyThere) RoundTrip(context.Context, *resp.Request, resp.Handler) error {
	return errors.New("nobody is there")
}

// inCookies are sessions of an application as a process keeps them that does not reach the server, and as one does that does.
func (f *fixture) inCookies(cfg bwstate.AppSessionConfig) (away, back *bwstate.AppSessions) {
	f.Helper()
	cfg.Name, cfg.WhenAway, cfg.Keys = "app", bwstate.CookieWhenAway, []bwstate.Secret{bwstate.NewAppSessionKey()}
	away, err := bwstate.New(nobodyThere{}).AppSessions(cfg)
	require.NoError(f, err)
	return away, f.appSessions(cfg)
}

func (f *fixture) createInCookie(ss *bwstate.AppSessions, subject string) bwstate.AppSession {
	f.Helper()
	s, err := ss.Create(f.ctx, subject, []byte("x"))
	require.NoError(f, err)
	require.Equal(f, bwstate.InCookie, s.Place)
	return s
}

// requireMark checks that all sessions of a subject were ended at a time, and for how long that is known.
func (f *fixture) requireMark(subject string, after time.Time, lifetime time.Duration) {
	f.Helper()
	const coarse = 200 * time.Millisecond // clocks
	value := f.text("GET", markKey(subject))
	require.Regexp(f, `^00\d{13}$`, value)
	var ms int64
	_, err := fmt.Sscanf(value, "%d", &ms)
	require.NoError(f, err)
	require.WithinRange(f, time.UnixMilli(ms), after.Add(-coarse), time.Now().Add(coarse))
	f.requireTTL(markKey(subject), int64(lifetime/time.Second))
}

// appOutOfCookies moves sessions from cookies to the server, after others of their subjects were ended.
func appOutOfCookies(f *fixture) {
	away, back := f.inCookies(bwstate.AppSessionConfig{})
	for name, end := range map[string]func(subject string) error{
		"all": func(subject string) error { return second(back.RevokeAll(f.ctx, subject)) },
		"others": func(subject string) error {
			s := f.create(back, subject, "this")
			err := second(back.RevokeOthers(f.ctx, &s))
			require.Equal(f, "this", string(f.load(back, s.Token).Data))
			require.NoError(f, second(back.Revoke(f.ctx, string(s.Token))))
			return err
		},
	} {
		f.part(name, func(f *fixture) {
			alice, guest, bob := f.createInCookie(away, "alice"), f.createInCookie(away, ""), f.createInCookie(away, "bob")
			carol := f.createInCookie(away, "carol")
			require.NoError(f, end("alice"))
			f.requireMark("alice", alice.Created, bwstate.DefaultAbsolute+5*time.Minute)
			for _, move := range []func(context.Context, *bwstate.AppSession) (bool, error){back.Save, back.Rotate} {
				s, before := alice, f.state.RoundTrips()
				found, err := move(f.ctx, &s)
				require.NoError(f, err)
				require.False(f, found)
				require.Equal(f, before+1, f.state.RoundTrips())
				require.Equal(f, bwstate.InCookie, s.Place)
			}
			count, err := back.Count(f.ctx, "alice")
			require.NoError(f, err)
			require.Zero(f, count)
			found, err := back.Save(f.ctx, &bob)
			require.NoError(f, err)
			require.True(f, found)
			alice.Subject = "carol" // whose it was counts
			found, err = back.Rotate(f.ctx, &alice)
			require.NoError(f, err)
			require.False(f, found)
			carol.Subject = "alice"
			found, err = back.Rotate(f.ctx, &carol)
			require.NoError(f, err)
			require.True(f, found)
			guest.Subject = "alice" // who logs in now
			found, err = back.Rotate(f.ctx, &guest)
			require.NoError(f, err)
			require.True(f, found)
			f.load(back, guest.Token)
			another := f.create(back, "alice", "another") // a session that begins on the server asks for no mark
			require.NoError(f, second(back.Rotate(f.ctx, &another)))
		})
	}
}

// appMarkGrows: what is known for longer stays known for as long.
func appMarkGrows(f *fixture) {
	long, short := f.appSessions(bwstate.AppSessionConfig{Absolute: 48 * time.Hour}), f.appSessions(bwstate.AppSessionConfig{Absolute: time.Hour})
	for i, ss := range []*bwstate.AppSessions{short, long, short} {
		before := time.Now()
		_, err := ss.RevokeAll(f.ctx, "alice")
		require.NoError(f, err)
		f.requireMark("alice", before, []time.Duration{time.Hour, 48 * time.Hour, 48 * time.Hour}[i]+5*time.Minute)
	}
	future := strings.Repeat("9", 15) // as of a clock that was wrong
	f.do("SET", markKey("alice"), future)
	_, err := short.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	require.Equal(f, future, f.text("GET", markKey("alice")))
}

func appForeignMark(f *fixture) {
	away, back := f.inCookies(bwstate.AppSessionConfig{})
	for _, value := range []string{"", "x", "00176434763012", "0017643476301234", "-00176434763012", " 00176434763012"} {
		s, stored := f.createInCookie(away, "alice"), f.create(back, "alice", "x")
		f.do("SET", markKey("alice"), value)
		_, err := back.Save(f.ctx, &s)
		f.requireReason(bwstate.NotAMark, err)
		_, err = back.Rotate(f.ctx, &s)
		f.requireReason(bwstate.NotAMark, err)
		_, err = back.RevokeAll(f.ctx, "alice")
		f.requireReason(bwstate.NotAMark, err)
		f.requireEnded(back, stored.Token) // all the same
		f.requireKeys(map[string]record{markKey("alice"): {"string", -1, value}})
	}
	f.do("DEL", markKey("alice"))
	s, stored := f.createInCookie(away, "alice"), f.create(back, "alice", "x")
	f.do("RPUSH", markKey("alice"), "x")
	_, err := back.Save(f.ctx, &s)
	f.requireReason(bwstate.NotAMark, err)
	_, err = back.RevokeAll(f.ctx, "alice")
	f.requireReason(bwstate.NotAMark, err)
	f.requireEnded(back, stored.Token)
	require.Equal(f, "list", f.text("TYPE", markKey("alice")))
}

// appChangedInCookie: what is in the cookie says whose session it is, and since when.
func appChangedInCookie(f *fixture) {
	away, back := f.inCookies(bwstate.AppSessionConfig{})
	s := f.createInCookie(away, "alice")
	for _, ss := range []*bwstate.AppSessions{away, back} {
		other := s
		other.Subject = "bob"
		_, err := ss.Save(f.ctx, &other)
		f.requireArgumentError("Subject", err)
		other = s
		other.Token = "." + other.Token[2:]
		_, err = ss.Save(f.ctx, &other)
		f.requireArgumentError("Token", err)
	}
	_, err := back.RevokeAll(f.ctx, "alice")
	require.NoError(f, err)
	later := s
	later.Created = later.Created.Add(time.Hour)
	found, err := back.Save(f.ctx, &later)
	require.NoError(f, err)
	require.False(f, found)
}
