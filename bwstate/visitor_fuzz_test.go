package bwstate

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// FuzzVisitorCookie checks that of all cookies only the real one opens a session, that any other is refused with a reason, and that the store is as before.
func FuzzVisitorCookie(f *testing.F) {
	state := openLocal()
	defer state.Close()
	now := int64(1700000000)
	sessions, err := state.VisitorSessions(VisitorSettings{Secret: "golden-secret-0123456789", Name: "bwgolden", Now: func() time.Time { return time.Unix(now, 0) }})
	require.NoError(f, err)
	s, err := sessions.New(someVisitor)
	require.NoError(f, err)
	require.NoError(f, s.Save(f.Context()))
	cookie, key := cookieOf(s), keyOf(s)
	value, err := state.Do(f.Context(), "GET", key)
	require.NoError(f, err)
	for _, v := range readVisitorGolden(f).recorded() {
		f.Add(v.Cookie)
	}
	for _, text := range []string{"", cookie, cookie + "AAAA", cookie[:109], cookie[:109] + "\n", "AQEA", "====", cookie[:34] + "\r\n" + cookie[36:]} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var h header
		if parsed := h.parse(text); parsed == nil {
			again := h
			require.NoError(t, again.parse(string(h.appendText(nil))))
			require.Equal(t, h, again)
			require.Equal(t, text[:headerTextSize-1], string(h.appendText(nil))[:headerTextSize-1])
			again.setCreation(h.creation())
			again.setRolling(h.rolling())
			again.setIdling(h.idling())
			require.Equal(t, h, again)
		}
		opened, err := sessions.Open(t.Context(), only("bwgolden", text))
		if err == nil {
			require.Equal(t, s.header, opened.header)
		} else {
			var refused *VisitorError
			require.True(t, errors.As(err, &refused), "%T", err)
			require.Nil(t, opened)
		}
		after, err := state.Do(t.Context(), "GET", key)
		require.NoError(t, err)
		require.Equal(t, value.String(), after.String())
	})
}

// FuzzVisitorData checks that data is refused with a reason, or is the same after it was written and read again.
func FuzzVisitorData(f *testing.F) {
	for _, v := range readVisitorGolden(f).recorded() {
		f.Add([]byte(v.Decoded.JSON), true)
	}
	for _, text := range []string{
		`[]`, `[[{},"a"],[[],"b","c"]]`, "[[{\"\xff\":\"\xfe\"},\"default\"]]", `[[{"a":1,"a":2},"x"]]`,
		` [ [ { "a" : [ { } , "]" ] , "\u0040\ud83d\ude00\"" : -1e5 } , "d\/" , null ] ] `,
	} {
		f.Add([]byte(text), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, stored bool) {
		audiences, err := parseAudiences(bytes.Clone(text), stored)
		if err != nil {
			var refused *VisitorError
			require.True(t, errors.As(err, &refused))
			return
		}
		written := appendAudiences(nil, audiences, stored)
		require.True(t, json.Valid(written), "%q", written)
		again, err := parseAudiences(bytes.Clone(written), stored)
		require.NoError(t, err)
		require.True(t, bytes.Equal(written, appendAudiences(nil, again, stored)), "%q", written)
		require.Equal(t, len(audiences), len(again))
		for i := range audiences {
			require.Equal(t, len(audiences[i].fields), len(again[i].fields))
		}
	})
}

// FuzzVisitorValue checks that a value of the server is two texts or a reason, and that inflating stays within its limit.
func FuzzVisitorValue(f *testing.F) {
	for _, text := range []string{`["eA"]`, `["eA","e30"]`, `[null]`, `["\u0065A"]`, `{}`, `[["a"]]`, "\x4b\x4c\x04\x00"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		var refused *VisitorError
		text, info, err := splitValue(value)
		if err != nil {
			require.True(t, errors.As(err, &refused))
			require.Nil(t, text)
			require.Nil(t, info)
		} else {
			var parts []*string
			require.NoError(t, json.Unmarshal(value, &parts))
			require.True(t, len(parts) == 1 || len(parts) == 2)
		}
		data, err := inflate(value)
		if err != nil {
			require.True(t, errors.As(err, &refused))
		}
		require.LessOrEqual(t, len(data), maxVisitorData)
	})
}
