package bwstate

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/subtle"
	"hash"
	"sync"
)

// Sizes of what is derived for each session.
const (
	aesKeySize = 32
	ivSize     = 12
	macKeySize = 32
	macSize    = 16
	tagSize    = 16
)

// What the keys are for; the session's id follows.
const (
	forEncryption     = "encryption:"
	forAuthentication = "authentication:"
)

// visitorKeys derives the keys of sessions from the secret. It may be used concurrently.
type visitorKeys struct {
	ikm       [sha256.Size]byte
	fips      bool
	expanders sync.Pool
}

// newVisitorKeys takes in the secret: the input key is its SHA-256. HKDF's first step, with an empty salt, makes of that the key that the second step expands.
func newVisitorKeys(secret Secret, fips bool) *visitorKeys {
	k := &visitorKeys{ikm: sha256.Sum256([]byte(secret)), fips: fips}
	var salt [sha256.Size]byte
	extract := hmac.New(sha256.New, salt[:])
	_, _ = extract.Write(k.ikm[:])
	prk := extract.Sum(nil)
	k.expanders.New = func() any { return &expander{mac: hmac.New(sha256.New, prk)} }
	return k
}

// expander is HKDF's second step. It keeps a keyed HMAC, because hkdf.Expand would key one each time, which costs more than the rest.
type expander struct {
	mac   hash.Hash
	input []byte
	block []byte
}

// expand fills dst: each block is the HMAC of the block before, the purpose, and its number.
func (e *expander) expand(dst []byte, purpose string, id []byte) {
	e.block = e.block[:0]
	for number := byte(1); len(dst) > 0; number++ {
		e.input = append(append(append(append(e.input[:0], e.block...), purpose...), id...), number)
		e.mac.Reset()
		_, _ = e.mac.Write(e.input)
		e.block = e.mac.Sum(e.block[:0])
		dst = dst[copy(dst, e.block):]
	}
}

func (k *visitorKeys) derive(dst []byte, purpose string, id []byte) {
	if k.fips {
		key, err := pbkdf2.Key(sha256.New, string(k.ikm[:]), append([]byte(purpose), id...), 1, len(dst))
		if err != nil {
			panic("bwstate: " + err.Error()) // lengths are constants, so every use would fail
		}
		copy(dst, key)
		return
	}
	e := k.expanders.Get().(*expander)
	e.expand(dst, purpose, id)
	k.expanders.Put(e)
}

// aead returns what seals the data of a session, and its nonce. The key serves for one message: every save draws a new id.
func (k *visitorKeys) aead(id []byte) (cipher.AEAD, [ivSize]byte) {
	var keys [aesKeySize + ivSize]byte
	k.derive(keys[:], forEncryption, id)
	block, err := aes.NewCipher(keys[:aesKeySize])
	if err == nil {
		var gcm cipher.AEAD
		if gcm, err = cipher.NewGCM(block); err == nil {
			return gcm, [ivSize]byte(keys[aesKeySize:])
		}
	}
	panic("bwstate: " + err.Error()) // lengths are constants, so every use would fail
}

// sign computes the MAC over all of the header that is before it.
func (k *visitorKeys) sign(h *header) (mac [macSize]byte) {
	var key [macKeySize]byte
	k.derive(key[:], forAuthentication, h.idBytes())
	m := hmac.New(sha256.New, key[:])
	_, _ = m.Write(h[:macAt])
	var sum [sha256.Size]byte
	return [macSize]byte(m.Sum(sum[:0]))
}

// authentic compares MACs in constant time.
func (k *visitorKeys) authentic(h *header) bool {
	mac := k.sign(h)
	return subtle.ConstantTimeCompare(mac[:], h[macAt:]) == 1
}

// seal encrypts data in place, where it needs room for the tag behind it, puts the tag into the header, and signs it. The header is complete otherwise.
func (k *visitorKeys) seal(h *header, data []byte) (ciphertext []byte) {
	gcm, iv := k.aead(h.idBytes())
	sealed := gcm.Seal(data[:0], iv[:], data, h[:tagAt])
	ciphertext = sealed[:len(data)]
	copy(h[tagAt:idlingAt], sealed[len(data):])
	mac := k.sign(h)
	copy(h[macAt:], mac[:])
	return ciphertext
}

// open decrypts data in place. It has room for the tag behind it.
func (k *visitorKeys) open(h *header, ciphertext []byte) (data []byte, ok bool) {
	gcm, iv := k.aead(h.idBytes())
	sealed := append(ciphertext, h[tagAt:idlingAt]...)
	data, err := gcm.Open(sealed[:0], iv[:], sealed, h[:tagAt])
	return data, err == nil
}
