package bwstate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSessionIDs(t *testing.T) {
	id := NewSessionID()
	require.NotEqual(t, id, NewSessionID())
	require.Len(t, id.Text(), 43)
	same, err := ParseSessionID(id.Text())
	require.NoError(t, err)
	require.Equal(t, id, same)
}

// The last of 43 characters has two bits too many. BunkerWeb does not look at them.
func TestASessionIDHasBitsToSpare(t *testing.T) {
	text := strings.Repeat("A", 42)
	for _, last := range "ABCD" {
		id, err := ParseSessionID(text + string(last))
		require.NoError(t, err)
		require.Equal(t, SessionID{}, id)
	}
	id, err := ParseSessionID(text + "E")
	require.NoError(t, err)
	require.Equal(t, SessionID{31: 1}, id)
}

func TestWhatIsNoSessionID(t *testing.T) {
	good := NewSessionID().Text()
	for _, text := range []string{
		"", good[:42], good + "A", good + "=", good[:42] + "+", "/" + good[1:], good[:42] + "=", good[:42] + " ", "é" + good[2:],
		"\n" + good[:42], good[:41] + "\r\n", strings.Repeat("\n", 43), good[:20] + "\n" + good[21:],
	} {
		id, err := ParseSessionID(text)
		var e *ArgumentError
		require.ErrorAs(t, err, &e, "%q", text)
		require.Equal(t, "session id", e.Name)
		require.Zero(t, id)
		if len(text) > 10 {
			require.NotContains(t, err.Error(), text)
		}
	}
}

// A session id opens a session, so it does not get into logs by accident.
func TestASessionIDHidesItself(t *testing.T) {
	id := NewSessionID()
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%b", "%c", "%U", "%t", "%08b"} {
		fmt.Fprintf(&shown, verb+" "+verb+"\n", id, []any{id})
	}
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("x", "id", id)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("x", "id", id)
	text := strings.ToLower(shown.String())
	require.Contains(t, text, strings.ToLower(id.Text()[:6]))
	decimal, octal := strings.Trim(fmt.Sprint(id[5:10]), "[]"), strings.Trim(fmt.Sprintf("%o", id[5:10]), "[]")
	for _, part := range []string{id.Text()[6:], fmt.Sprintf("%x", id[5:]), decimal, octal, strings.ReplaceAll(decimal, " ", ","), string(id[5:])} {
		require.NotContains(t, text, strings.ToLower(part))
	}
}

// FuzzSessionValue checks that data survives its encoding, and that any value is either data or a *ValueError.
func FuzzSessionValue(f *testing.F) {
	for _, value := range []string{
		"", `["eA"]`, ` [ "eA" , "e30" ] `, `["eA",null]`, `[null]`, `[]`, `{}`, `null`, `"eA"`, `["eA="]`, `["e+"]`, `["\u0065A"]`, `["eA\n"]`, `["eB"]`, `[1]`, "[\"\xff\"]",
	} {
		f.Add([]byte(value))
	}
	f.Fuzz(func(t *testing.T, value []byte) {
		encoded := encodeSession(value)
		require.True(t, json.Valid(encoded))
		require.Len(t, encoded, base64.RawURLEncoding.EncodedLen(len(value))+4)
		data, err := decodeSession(string(encoded))
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, data))

		data, err = decodeSession(string(value))
		if err != nil {
			var e *ValueError
			require.True(t, errors.As(err, &e), "%T", err)
			require.Nil(t, data)
			return
		}
		again, err := decodeSession(string(encodeSession(data)))
		require.NoError(t, err)
		require.True(t, bytes.Equal(data, again))
	})
}
