package bwstate

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVisitorSessionFromTheFuture(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{MaxSkew: time.Minute})
	s := r.fresh()
	r.now -= 60
	r.mustOpen(cookieOf(s))
	r.now--
	_, err := r.open(cookieOf(s))
	require.Equal(t, FromTheFuture, reason(t, err))

	r = newVisitorRig(t, VisitorSettings{}) // BunkerWeb's own rule
	s = r.fresh()
	r.now = 1000
	s = r.mustOpen(cookieOf(s))
	require.NoError(t, s.Set("k", "w"))
	require.NoError(t, s.Save(t.Context()), "offsets are never less than zero")
	require.Equal(t, s.Created(), s.Saved())
}

// Of what the server has, nothing that is not a session of ours is opened, and nothing of it is changed.
func TestVisitorValuesThatAreNone(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	cookie, key := cookieOf(s), keyOf(s)
	good := r.do("GET", key)
	text := good[2 : len(good)-2]
	other := r.fresh()
	foreign := r.do("GET", keyOf(other))
	flipped := []byte(good)
	if flipped[5] == 'A' {
		flipped[5] = 'B'
	} else {
		flipped[5] = 'A'
	}
	for value, want := range map[string]Reason{
		"":                                       NotStored, // as GETRANGE has it
		"x":                                      ValueNotJSON,
		good + "x":                               ValueNotJSON,
		"null":                                   ValueNull,
		"[null]":                                 ValueNull,
		"[]":                                     ValueNotJSON,
		"{}":                                     ValueNotJSON,
		"[1]":                                    ValueNotJSON,
		`"` + text + `"`:                         ValueNotJSON,
		`[["` + text + `"]]`:                     ValueNotJSON,
		`["` + text + `",null]`:                  ValueNull,
		`["` + text + `","e30","e"]`:             ValueNotJSON,
		`["` + text + `","="]`:                   ValueNotBase64,
		`["` + text[1:] + `"]`:                   ValueWrongSize,
		`["` + text + `A"]`:                      ValueWrongSize,
		`["` + text[1:] + `="]`:                  ValueNotBase64,
		`["` + text[:9] + `+` + text[10:] + `"]`: ValueNotBase64,
		`["` + text[:9] + `\n` + text[10:] + `"]`: ValueNotBase64,
		foreign:         ValueForged,
		string(flipped): ValueForged,
		`["` + strings.Repeat("A", maxVisitorValue) + `"]`: ValueTooLarge,
	} {
		r.do("SET", key, value)
		_, err := r.open(cookie)
		require.Equal(t, want, reason(t, err), "%.80q", value)
		require.Equal(t, value, r.do("GET", key))
		require.NotContains(t, err.Error(), "A", "nothing of the value shows")
	}
	r.do("SET", key, good)
	r.mustOpen(cookie)

	for answer, want := range map[string]Reason{
		"-WRONGTYPE Operation against a key holding the wrong kind of value\r\n": ValueOtherType,
		"*0\r\n": ValueOtherType,
		"_\r\n":  NotStored, "$-1\r\n": NotStored,
	} {
		sessions, err := New(replies{answer}).VisitorSessions(VisitorSettings{Secret: "golden-secret-0123456789", Name: "bwgolden", Now: r.sessions.settings.Now})
		require.NoError(t, err)
		_, err = sessions.Open(t.Context(), only("bwgolden", cookie))
		require.Equal(t, want, reason(t, err), "%q", answer)
	}
}

// What is inside an authentic session may be anything, too: whoever else has the secret wrote it.
func TestVisitorDataThatIsNone(t *testing.T) {
	deflated := func(data []byte) []byte {
		var out bytes.Buffer
		w, err := flate.NewWriter(&out, flate.BestCompression)
		require.NoError(t, err)
		_, _ = w.Write(data)
		require.NoError(t, w.Close())
		return out.Bytes()
	}
	bomb := append(append([]byte(`[[{"p":"`), bytes.Repeat([]byte("a"), 16<<20)...), `"},"default"]]`...)
	whole := []byte(`[[{},"default"]]`)
	for name, c := range map[string]struct {
		data     []byte
		deflated bool
		want     Reason
	}{
		"empty":             {nil, false, DataNotJSON},
		"not JSON":          {[]byte("[[{},"), false, DataNotJSON},
		"null":              {[]byte("null"), false, DataMalformed},
		"object":            {[]byte("{}"), false, DataMalformed},
		"no audience":       {[]byte("[1]"), false, DataMalformed},
		"no name":           {[]byte("[[{}]]"), false, DataMalformed},
		"name no text":      {[]byte("[[{},1]]"), false, DataMalformed},
		"data null":         {[]byte(`[[null,"default"]]`), false, DataMalformed},
		"data a list":       {[]byte(`[[[1],"default"]]`), false, DataMalformed},
		"half a pair":       {[]byte(`[[{"\ud800":1,"\udbff":2},"default"]]`), false, DataMalformed},
		"another half":      {[]byte(`[[{"x\udc00\ud83d\ude00":1},"default"]]`), false, DataMalformed},
		"half an audience":  {[]byte(`[[{},"\ud800"]]`), false, DataMalformed},
		"four parts":        {[]byte(`[[{},"default","s",1]]`), false, DataMalformed},
		"bomb":              {deflated(bomb), true, DataTooLarge},
		"not deflated":      {whole, true, DataNotDeflated},
		"deflated, cut off": {deflated(whole)[:5], true, DataNotDeflated},
	} {
		t.Run(name, func(t *testing.T) {
			r := newVisitorRig(t, VisitorSettings{})
			cookie, _ := r.forge(c.data, c.deflated)
			_, err := r.open(cookie)
			require.Equal(t, c.want, reason(t, err))
		})
	}
	r := newVisitorRig(t, VisitorSettings{})
	cookie, _ := r.forge([]byte(` [ [ [ ] , "default" , "someone" ] ] `), false)
	s := r.mustOpen(cookie)
	require.Equal(t, "someone", s.Subject())
	require.Empty(t, s.Names())
}

// forge stores what a session with this plaintext would be.
func (r *visitorRig) forge(data []byte, deflated bool) (cookie, key string) {
	var out sealed
	out.header[0] = headerType
	id := NewSessionID()
	copy(out.header[idAt:], id[:])
	out.header.setCreation(r.now)
	require.NoError(r, r.sessions.sealData(&out, bytes.Clone(data), true, deflated))
	key = sessionKey("bwgolden", id)
	r.do("SET", key, `["`+string(out.text)+`"]`)
	return string(out.header.appendText(nil)), key
}

// No other secret, no other name, and no bit of a cookie but the four that are not used: each is refused before the server is asked.
func TestVisitorCookiesThatAreForged(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	cookie := cookieOf(r.fresh())
	var h header
	require.NoError(t, h.parse(cookie))
	before := r.state.RoundTrips()
	for bit := range headerSize * 8 {
		altered := h
		altered[bit/8] ^= 1 << (bit % 8)
		_, err := r.open(string(altered.appendText(nil)))
		require.Error(t, err, "bit %d", bit)
		if bit >= 8*idAt && bit < 8*creationAt || bit >= 8*sizeAt && bit < 8*idlingAt || bit >= 8*macAt {
			require.Equal(t, CookieForged, reason(t, err), "bit %d", bit)
		}
	}
	for text, want := range map[string]Reason{
		cookie[:109]: CookieTruncated, cookie[:109] + "=": CookieNotBase64, cookie[:50] + "\n" + cookie[51:]: CookieNotBase64,
		strings.Repeat("A", 5000): CookieTooLarge, "AgEA" + cookie[4:]: CookieType, "AQGA" + cookie[4:]: CookieFlags, " " + cookie[1:]: CookieNotBase64,
	} {
		_, err := r.open(text)
		require.Equal(t, want, reason(t, err), "%q", text)
	}
	require.Equal(t, before, r.state.RoundTrips())

	foreign := newVisitorRig(t, VisitorSettings{Secret: "another"})
	_, err := foreign.open(cookie)
	require.Equal(t, CookieForged, reason(t, err))
	fips := newVisitorRig(t, VisitorSettings{FIPS: true})
	_, err = fips.open(cookie)
	require.Equal(t, CookieForged, reason(t, err))
	fips.mustOpen(cookieOf(fips.fresh()))
}

func TestVisitorSetRefusesWhatLuaCannotRead(t *testing.T) {
	r := newVisitorRig(t, VisitorSettings{})
	s := r.fresh()
	for _, value := range []any{
		nil, (*int)(nil), math.NaN(), math.Inf(1), func() {}, json.RawMessage(`"\ud800"`), json.RawMessage(`{"\udc00x":1}`),
		json.RawMessage(strings.Repeat("[", 1000) + strings.Repeat("]", 1000)),
		json.RawMessage("1e999"), json.RawMessage("-1e999"), json.Number("1e400"),
		[]any{1, map[string]any{"n": json.RawMessage(`[2,1E+999]`)}},
	} {
		var e *ArgumentError
		require.ErrorAs(t, s.Set("x", value), &e)
	}
	require.NotContains(t, s.Names(), "x")
	for _, value := range []any{json.RawMessage(`"\ud83d\ude00"`), "<&>\u2028", map[string]any{"a": []int{}}, 1e300, json.RawMessage("-1.5e-999"), "1e999"} {
		require.NoError(t, s.Set("x", value))
	}
	require.NoError(t, s.Set("x", "</>"))
	raw, _ := s.Raw("x")
	require.Equal(t, `"</>"`, string(raw))
	require.NoError(t, s.Set("x", strings.Repeat("x", maxVisitorData)))
	var e *ArgumentError
	require.ErrorAs(t, s.Save(t.Context()), &e)
	s.Remove("x")
	require.NoError(t, s.Save(t.Context()))
	var n int
	found, err := s.Get("k", &n)
	require.True(t, found)
	require.Error(t, err)
	found, err = s.Get("none", &n)
	require.False(t, found)
	require.NoError(t, err)
	_, found = s.Raw("none")
	require.False(t, found)
}
