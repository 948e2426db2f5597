package conformance

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/bwredis/bwredis/bwstate"
	"github.com/stretchr/testify/require"
)

// A goldenSession is what BunkerWeb's session library stored, or accepted, under one key.
type goldenSession struct {
	Name   string `json:"name"`
	Cookie string `json:"cookie"`
	Key    string `json:"key"`
	Value  string `json:"value"`
	TTL    int64  `json:"ttl"` // seconds

	// Taken out of the client's cookie, where there is one: the id, and how long the data is without its encodings.
	ID   string `json:"id_hex"`
	Size int    `json:"size"`
}

func goldenSessions() (tests []test) {
	var file struct{ Records []goldenSession }
	load("sessions.json", &file)
	for i, s := range file.Records {
		tests = append(tests, test{s.Name + " " + strconv.Itoa(i), func(f *fixture) { runSession(f, s) }})
	}
	return tests
}

func runSession(f *fixture, s goldenSession) {
	sessions, err := f.state.Sessions(s.Cookie)
	require.NoError(f, err)
	id := s.id(f)

	f.do("SET", s.Key, s.Value, "EX", strconv.FormatInt(s.TTL, 10))
	data, found, err := sessions.Load(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	require.Equal(f, s.data(f), data)
	ttl, found, err := sessions.TTL(f.ctx, id)
	require.NoError(f, err)
	require.True(f, found)
	f.requireAbout(time.Duration(s.TTL)*time.Second, ttl)

	deleted, err := sessions.Delete(f.ctx, id)
	require.NoError(f, err)
	require.True(f, deleted)
	f.requireKeys(nil)

	require.NoError(f, sessions.Save(f.ctx, id, data, time.Duration(s.TTL)*time.Second))
	require.Equal(f, s.Value, f.text("GET", s.Key))
	f.requireKeys(map[string]record{s.Key: {"string", s.TTL, s.Value}})
}

// id comes from the client's cookie rather than from the key, where there is a cookie.
func (s goldenSession) id(f *fixture) (id bwstate.SessionID) {
	text := s.Key[strings.LastIndexByte(s.Key, ':')+1:]
	fromKey, err := bwstate.ParseSessionID(text)
	require.NoError(f, err)
	require.Equal(f, text, fromKey.Text())
	if s.ID == "" {
		return fromKey
	}
	raw, err := hex.DecodeString(s.ID)
	require.NoError(f, err)
	require.Len(f, raw, len(id))
	copy(id[:], raw)
	return id
}

// data is what stands in the value.
func (s goldenSession) data(f *fixture) []byte {
	var parts []string
	require.NoError(f, json.Unmarshal([]byte(s.Value), &parts))
	require.Len(f, parts, 1)
	data, err := base64.RawURLEncoding.DecodeString(parts[0])
	require.NoError(f, err)
	if s.ID != "" {
		require.Len(f, data, s.Size)
	}
	return data
}
