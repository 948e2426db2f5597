package bwstate

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzAppSessionValue: whatever is stored, reading it does not panic. What is read is written again as it was, and what is refused has a reason and does not show.
func FuzzAppSessionValue(f *testing.F) {
	const token = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	key := Secret("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
	plain, err := New(nil).AppSessions(AppSessionConfig{Name: "app", MaxData: 1000})
	require.NoError(f, err)
	sealed, err := New(nil).AppSessions(AppSessionConfig{Name: "app", MaxData: 1000, Keys: []Secret{key}})
	require.NoError(f, err)
	h := head{kind: plainData, version: 1, created: 1764347630123, rotated: 1764347630123, used: 1764347630123, expires: 1764349430123, subject: subjectHash("alice")}
	text := appendBody(h.append(nil), "alice", []byte("data"))
	f.Add(text)
	f.Add(text[:headSize])
	f.Add(bytes.Replace(text, []byte("\x05"), []byte("\xff\xff\x03"), 1))
	h.kind = sealedData
	f.Add(sealed.keys.seal(h.append(nil), token, sealed.context(nil, h.subject), appendBody(nil, "alice", []byte("data"))))
	f.Add([]byte("bwas1 p "))
	f.Fuzz(func(t *testing.T, value []byte) {
		if h, ok := parseHead(value); ok {
			require.Equal(t, string(value[:headSize]), string(h.append(nil)))
			same, ok := parseHead(string(value))
			require.True(t, ok)
			require.Equal(t, h, same)
		}
		for _, ss := range []*AppSessions{plain, sealed} {
			before := bytes.Clone(value)
			s, err := ss.decode(token, handleOfToken(token), value)
			require.Equal(t, before, value)
			if err != nil {
				var wrong *AppSessionValueError
				require.ErrorAs(t, err, &wrong)
				require.NotContains(t, err.Error(), token)
				continue
			}
			h, ok := parseHead(value)
			require.True(t, ok)
			require.Equal(t, h.subject, subjectHash(s.Subject))
			if h.kind == plainData && value[headSize] < 0x80 { // longer forms of a short length are accepted
				require.Equal(t, string(value), string(appendBody(h.append(nil), s.Subject, s.Data)))
			}
		}
	})
}

// FuzzAppSessionToken: no text of a client's panics, and only those that were made are accepted.
func FuzzAppSessionToken(f *testing.F) {
	ss, err := New(nil).AppSessions(AppSessionConfig{Name: "app", Keys: []Secret{NewAppSessionKey()}, WhenAway: CookieWhenAway})
	require.NoError(f, err)
	s := AppSession{Subject: "alice", Data: []byte("data")}
	_, err = ss.toCookie(&s, 1)
	require.NoError(f, err)
	good := string(s.Token)
	f.Add(newToken())
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add("." + strings.Repeat("A", 200))
	f.Fuzz(func(t *testing.T, text string) {
		if isToken(text) {
			id, err := tokenEncoding.DecodeString(text)
			require.NoError(t, err)
			require.Equal(t, text, tokenEncoding.EncodeToString(id))
			require.Len(t, id, 32)
		}
		if _, ok := ss.openCookie(text, time.Now()); ok {
			require.Equal(t, good, text)
		}
	})
}

// FuzzAppSessionIndex: whatever is at the place of an index in the embedded store, it is an index or is refused, and what is an index is written again as it was.
func FuzzAppSessionIndex(f *testing.F) {
	line := handleOfToken("a") + " 001764349430123\n"
	f.Add(line + handleOfToken("b") + " 001764349430122\n")
	f.Add(line[:59] + " ")
	f.Add(strings.Repeat("\n", 60))
	f.Fuzz(func(t *testing.T, text string) {
		state := openLocal()
		defer state.Close()
		_, err := state.Do(t.Context(), "SET", appSubjectKey("app", subjectHash("alice")), text)
		require.NoError(t, err)
		ss, err := state.AppSessions(AppSessionConfig{Name: "app"})
		require.NoError(t, err)
		_, err = ss.Create(t.Context(), "alice", nil)
		if err != nil {
			var wrong *AppSessionValueError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, NotAnIndex, wrong.Reason)
			v, err := state.Do(t.Context(), "GET", appSubjectKey("app", subjectHash("alice")))
			require.NoError(t, err)
			same, _ := v.Text()
			require.Equal(t, text, same)
			return
		}
		n, err := ss.Count(t.Context(), "alice")
		require.NoError(t, err)
		require.Equal(t, 1, n)
	})
}
