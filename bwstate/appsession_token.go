package bwstate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// tokenEncoding accepts one text for each token only.
var tokenEncoding = base64.RawURLEncoding.Strict()

// newToken returns 32 bytes from the system's source of randomness, as text.
func newToken() string {
	var id [32]byte
	_, _ = rand.Read(id[:]) // it never fails (crypto/rand, since Go 1.24)
	return tokenEncoding.EncodeToString(id[:])
}

// isToken reports whether newToken may have made text.
func isToken(text string) bool {
	if !isHash(text) { // which has the same form
		return false
	}
	var id [33]byte
	var room [hashSize]byte
	n, err := tokenEncoding.Decode(id[:], append(room[:0], text...))
	return err == nil && n == 32
}

// handleOfToken returns the hash by which a session is known.
func handleOfToken(token string) string { return hashText("", token) }

// subjectHash returns the hash by which the index of a subject is known. It hides the name from a glance, not from who guesses it.
func subjectHash(subject string) string {
	if subject == "" {
		return nobody
	}
	return hashText("subject ", subject)
}

func hashText(prefix, text string) string {
	var room [128]byte
	sum := sha256.Sum256(append(append(room[:0], prefix...), text...))
	var encoded [hashSize]byte
	tokenEncoding.Encode(encoded[:], sum[:])
	return string(encoded[:])
}
