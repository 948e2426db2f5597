//go:build !race

package bwstate

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/require"
)

// measured is a session of a node, with what is needed to open and to seal it without a store.
type measured struct {
	sessions *VisitorSessions
	cookie   string
	text     []byte
	session  *VisitorSession
}

func newMeasured(t testing.TB) measured {
	v := readVisitorGolden(t).Vectors[0]
	state := openLocal()
	t.Cleanup(func() { _ = state.Close() })
	sessions, err := state.VisitorSessions(VisitorSettings{
		Secret: "golden-secret-0123456789", Name: "bwgolden",
		Idling: NoTimeout, Rolling: NoTimeout, Absolute: NoTimeout,
	})
	require.NoError(t, err)
	value := records(t, v.After)[v.Key].Value
	_, err = state.Do(context.Background(), "SET", v.Key, value)
	require.NoError(t, err)
	session, err := sessions.Open(context.Background(), only("bwgolden", v.Cookie))
	require.NoError(t, err)
	return measured{sessions, v.Cookie, []byte(value[2 : len(value)-2]), session}
}

// open is all of opening but the round trip.
func (m *measured) open(t testing.TB) *VisitorSession {
	s := newVisitorSession(m.sessions)
	if err := s.header.parse(m.cookie); err != nil || !m.sessions.keys.authentic(&s.header) {
		t.Fatal("not authentic")
	}
	if err := s.unseal(m.text); err != nil {
		t.Fatal(err)
	}
	return s
}

// bareOpen is the cryptography of opening a session, with everything else left out.
type bareOpen struct {
	prk, mac, id, tag, aad, signed []byte
}

func newBare(m *measured) *bareOpen {
	var h header
	_ = h.parse(m.cookie)
	keys := m.sessions.keys
	extract := hmac.New(sha256.New, make([]byte, 32))
	_, _ = extract.Write(keys.ikm[:])
	return &bareOpen{prk: extract.Sum(nil), mac: h[macAt:], id: h.idBytes(), tag: h[tagAt:idlingAt], aad: h[:tagAt], signed: h[:macAt]}
}

func (b *bareOpen) expand(purpose string, blocks int) (out []byte) {
	var block []byte
	for i := range blocks {
		m := hmac.New(sha256.New, b.prk)
		_, _ = m.Write(block)
		_, _ = m.Write([]byte(purpose))
		_, _ = m.Write(b.id)
		_, _ = m.Write([]byte{byte(i + 1)})
		block = m.Sum(nil)
		out = append(out, block...)
	}
	return out
}

func (b *bareOpen) run(t testing.TB, text []byte) {
	m := hmac.New(sha256.New, b.expand(forAuthentication, 1))
	_, _ = m.Write(b.signed)
	if !hmac.Equal(m.Sum(nil)[:16], b.mac) {
		t.Fatal("not authentic")
	}
	keys := b.expand(forEncryption, 2)
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	sealed := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)), len(text)+16)
	_, _ = base64.RawURLEncoding.Decode(sealed, text)
	if _, err := gcm.Open(sealed[:0], keys[32:44], append(sealed, b.tag...), b.aad); err != nil {
		t.Fatal(err)
	}
}

// What a session costs in memory, apart from the round trip. A few more are allowed than are made now, for other releases of Go.
func TestVisitorSessionAllocates(t *testing.T) {
	m := newMeasured(t)
	open := testing.AllocsPerRun(100, func() { m.open(t) })
	require.LessOrEqual(t, open, 24.0)
	seal := testing.AllocsPerRun(100, func() {
		if _, err := m.session.seal(true); err != nil {
			t.Fatal(err)
		}
	})
	require.LessOrEqual(t, seal, 16.0)
	touch := testing.AllocsPerRun(100, m.session.Touch)
	require.LessOrEqual(t, touch, 12.0)
	forged := m.cookie[:109] + "A"
	refusal := testing.AllocsPerRun(100, func() {
		if _, err := m.sessions.Open(context.Background(), only("bwgolden", forged)); err == nil {
			t.Fatal("opened")
		}
	})
	require.LessOrEqual(t, refusal, 14.0)
	t.Log("open", open, "seal", seal, "touch", touch, "refusal", refusal)
}

// go test -run - -bench Visitor ./bwstate compares opening a session with its bare AES and HMAC.
func BenchmarkVisitorOpen(b *testing.B) {
	m := newMeasured(b)
	b.ReportAllocs()
	for b.Loop() {
		m.open(b)
	}
}

func BenchmarkVisitorOpenBareCryptography(b *testing.B) {
	m := newMeasured(b)
	bare := newBare(&m)
	b.ReportAllocs()
	for b.Loop() {
		bare.run(b, m.text)
	}
}

func BenchmarkVisitorSeal(b *testing.B) {
	m := newMeasured(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.session.seal(true); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVisitorTouch(b *testing.B) {
	m := newMeasured(b)
	b.ReportAllocs()
	for b.Loop() {
		m.session.Touch()
	}
}
