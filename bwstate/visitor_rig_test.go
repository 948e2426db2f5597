package bwstate

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// testdata/sessions.json was recorded from BunkerWeb 1.6.13 nodes, and from their session library with other data and options.
type visitorGolden struct {
	Meta struct {
		Secret Secret
		Cookie string `json:"cookie_name"`
	}
	Vectors    []goldenVisitor
	Failures   []goldenVisitor `json:"open_failures"`
	Variations []goldenVisitor `json:"library_variations"`
	Minted     []goldenVisitor
}

type goldenVisitor struct {
	Name    string
	Now     int64
	Request struct {
		IP        netip.Addr `json:"remote_addr"`
		UserAgent string     `json:"user_agent"`
		Cookie    string     `json:"cookie_in"`
	}
	Response struct {
		SetCookie []string `json:"set_cookie"`
	}
	SetCookie []string        `json:"set_cookie"`
	Before    json.RawMessage `json:"redis_before"`
	After     json.RawMessage `json:"redis_after"`
	Key       string          `json:"redis_key"`
	Value     string          `json:"redis_value"`
	JSON      string
	TTL       int64
	Cookie    string
	Decoded   goldenDecoded
	Result    struct {
		Err      *string
		Exists   bool
		Data     json.RawMessage
		LuaError string `json:"lua_error"`
	}
}

type goldenDecoded struct {
	Header   string `json:"header_hex"`
	Flags    int64
	ID       string `json:"sid_hex"`
	IDText   string `json:"sid_base64url"`
	Creation int64  `json:"creation_time"`
	Rolling  int64  `json:"rolling_offset"`
	Size     int64  `json:"data_size"`
	Tag      string `json:"tag_hex"`
	Idling   int64  `json:"idling_offset"`
	MAC      string `json:"mac_hex"`
	Derived  struct {
		IKM    string `json:"ikm_hex"`
		AES    string `json:"aes_key_hex"`
		IV     string `json:"iv_hex"`
		MACKey string `json:"mac_key_hex"`
		AAD    string `json:"aad_hex"`
	}
	Plaintext string
	Packed    string `json:"plaintext_hex"`
	JSON      string
}

// packed is the plaintext that was encrypted.
func (d goldenDecoded) packed(t *testing.T) []byte {
	if d.Packed == "" {
		return []byte(d.Plaintext)
	}
	return unhex(t, d.Packed)
}

type goldenRecord struct {
	Value string
	TTL   int64
}

func records(t testing.TB, text json.RawMessage) (all map[string]goldenRecord) {
	t.Helper()
	if len(text) == 0 || text[0] != '{' { // omitted
		return nil
	}
	var typed map[string]struct {
		Type  string
		Value json.RawMessage
		TTL   int64
	}
	require.NoError(t, json.Unmarshal(text, &typed))
	all = map[string]goldenRecord{}
	for key, r := range typed {
		if r.Type == "string" {
			var value string
			require.NoError(t, json.Unmarshal(r.Value, &value))
			all[key] = goldenRecord{value, r.TTL}
		}
	}
	return all
}

func readVisitorGolden(t testing.TB) (g visitorGolden) {
	t.Helper()
	text, err := os.ReadFile("testdata/sessions.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &g))
	return g
}

func (g visitorGolden) recorded() (all []goldenVisitor) {
	for _, v := range slices.Concat(g.Vectors, g.Variations) {
		if v.Decoded.Header != "" {
			all = append(all, v)
		}
	}
	return all
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	require.NoError(t, err)
	return b
}

// visitorRig is sessions on an embedded store, with a clock and with ids that a test sets.
type visitorRig struct {
	*testing.T
	state    *State
	sessions *VisitorSessions
	now      int64
	ids      bytes.Buffer
}

func newVisitorRig(t *testing.T, settings VisitorSettings) *visitorRig {
	r := &visitorRig{T: t, state: openLocal(), now: 1700000000}
	t.Cleanup(func() { _ = r.state.Close() })
	if settings.Secret == "" {
		settings.Secret = "golden-secret-0123456789"
	}
	if settings.Name == "" {
		settings.Name = "bwgolden"
	}
	settings.Now = func() time.Time { return time.Unix(r.now, 250e6) }
	sessions, err := r.state.VisitorSessions(settings)
	require.NoError(t, err)
	r.sessions = sessions
	return r
}

// nextID is drawn by the next save.
func (r *visitorRig) nextID(id string) {
	r.ids.Write(unhex(r, id))
	r.sessions.random = &r.ids
}

func (r *visitorRig) do(args ...string) string {
	r.Helper()
	v, err := r.state.Do(context.Background(), args...)
	require.NoError(r, err)
	if v.IsNull() {
		return ""
	}
	text, err := v.Text()
	if err != nil {
		n, err := v.Int()
		require.NoError(r, err)
		return strconv.FormatInt(n, 10)
	}
	return text
}

func (r *visitorRig) store(all map[string]goldenRecord) {
	for key, record := range all {
		r.do("SET", key, record.Value, "EX", strconv.FormatInt(record.TTL, 10))
	}
}

func (r *visitorRig) open(cookie string) (*VisitorSession, error) {
	return r.sessions.Open(context.Background(), only("bwgolden", cookie))
}

func only(name, value string) func(string) string {
	return func(asked string) string {
		if asked != name {
			return ""
		}
		return value
	}
}

// reason is why err says a session was not accepted.
func reason(t testing.TB, err error) Reason {
	t.Helper()
	var e *VisitorError
	require.ErrorAs(t, err, &e)
	return e.Reason
}
