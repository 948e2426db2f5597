package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// A bareVisitor is the cryptography of opening one visitor's session, with everything else left out: the MAC of the cookie, the keys of the session, and its data. The
// key that all keys are expanded from is made once, as it is the same for all sessions.
type bareVisitor struct {
	header [82]byte
	prk    []byte
}

// Where the fields of the header are: an id, the tag of the data, a MAC of all before it.
const (
	idFrom, idTo   = 3, 35
	tagFrom, tagTo = 47, 63
	macFrom        = 66
	textSize       = 110 // of the header in base64url
)

var errForged = errors.New("the session is not authentic")

func newBare(cookie string) (*bareVisitor, error) {
	b := &bareVisitor{}
	if len(cookie) < textSize {
		return nil, errForged
	}
	if _, err := base64.RawURLEncoding.Decode(b.header[:], []byte(cookie[:textSize])); err != nil {
		return nil, err
	}
	secret := sha256.Sum256([]byte(visitorSecret))
	extract := hmac.New(sha256.New, make([]byte, sha256.Size))
	_, _ = extract.Write(secret[:])
	b.prk = extract.Sum(nil)
	return b, nil
}

// expand is the second step of HKDF.
func (b *bareVisitor) expand(purpose string, blocks int) (out []byte) {
	var block []byte
	for i := range blocks {
		m := hmac.New(sha256.New, b.prk)
		_, _ = m.Write(block)
		_, _ = m.Write([]byte(purpose))
		_, _ = m.Write(b.header[idFrom:idTo])
		_, _ = m.Write([]byte{byte(i + 1)})
		block = m.Sum(nil)
		out = append(out, block...)
	}
	return out
}

// open opens what the server has: a JSON list of one text.
func (b *bareVisitor) open(value string) error {
	m := hmac.New(sha256.New, b.expand("authentication:", 1))
	_, _ = m.Write(b.header[:macFrom])
	if !hmac.Equal(m.Sum(nil)[:len(b.header)-macFrom], b.header[macFrom:]) || len(value) < 4 {
		return errForged
	}
	keys := b.expand("encryption:", 2)
	block, err := aes.NewCipher(keys[:32])
	if err != nil {
		return err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return err
	}
	text := value[2 : len(value)-2]
	sealed := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)), len(text)+16)
	if _, err := base64.RawURLEncoding.Decode(sealed, []byte(text)); err != nil {
		return err
	}
	_, err = gcm.Open(sealed[:0], keys[32:44], append(sealed, b.header[tagFrom:tagTo]...), b.header[:tagFrom])
	return err
}

// stored is the value that the first caller's visitor has.
func (s *site) stored() string {
	frame := s.recorded[visitorOpen][0].frames[0]
	return bulk(frame)
}

func openBare(s *site) error { return s.bare[0].open(s.stored()) }
