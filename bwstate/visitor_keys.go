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
	ikm       *[sha256.Size]byte // package fmt prints what one pointer leads to, such as that to the keys, but not two
	fips      bool
	expanders sync.Pool
}

// newVisitorKeys takes in the secret: the input key is its SHA-256. HKDF's first step, with an empty salt, makes of that the key that the second step expands.
// It fails where the cryptography that is needed is not allowed; afterwards nothing fails, as sizes are constants.
func newVisitorKeys(secret Secret, fips bool) (*visitorKeys, error) {
	ikm := sha256.Sum256([]byte(secret))
	k := &visitorKeys{ikm: &ikm, fips: fips}
	var salt [sha256.Size]byte
	extract := hmac.New(sha256.New, salt[:])
	_, _ = extract.Write(k.ikm[:])
	prk := extract.Sum(nil)
	k.expanders.New = func() any { return &expander{mac: hmac.New(sha256.New, prk)} }
	var h header
	if _, err := k.tryKeys(h.idBytes()); err != nil {
		return nil, &ArgumentError{Name: "VisitorSettings", Problem: "need what this program's cryptography does not allow: " + err.Error()}
	}
	return k, nil
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

// derive fails only where it always does: see newVisitorKeys.
func (k *visitorKeys) derive(dst []byte, purpose string, id []byte) error {
	if k.fips {
		key, err := pbkdf2.Key(sha256.New, string(k.ikm[:]), append([]byte(purpose), id...), 1, len(dst))
		copy(dst, key)
		return err
	}
	e := k.expanders.Get().(*expander)
	e.expand(dst, purpose, id)
	k.expanders.Put(e)
	return nil
}

// sealer seals the data of one session.
type sealer struct {
	cipher.AEAD
	iv [ivSize]byte
}

// aead returns what seals the data of a session. The key serves for one message: every save draws a new id.
func (k *visitorKeys) aead(id []byte) sealer {
	s, err := k.tryKeys(id)
	if err != nil {
		panic("bwstate: " + err.Error()) // newVisitorKeys would have failed
	}
	return s
}

func (k *visitorKeys) tryKeys(id []byte) (s sealer, err error) {
	var keys [aesKeySize + ivSize]byte
	if err = k.derive(keys[:], forEncryption, id); err != nil {
		return s, err
	}
	s.iv = [ivSize]byte(keys[aesKeySize:])
	block, err := aes.NewCipher(keys[:aesKeySize])
	if err == nil {
		s.AEAD, err = cipher.NewGCM(block)
	}
	return s, err
}

// sign computes the MAC over all of the header that is before it.
func (k *visitorKeys) sign(h *header) (mac [macSize]byte) {
	var key [macKeySize]byte
	_ = k.derive(key[:], forAuthentication, h.idBytes()) // newVisitorKeys would have failed
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
	gcm := k.aead(h.idBytes())
	sealed := gcm.Seal(data[:0], gcm.iv[:], data, h[:tagAt])
	ciphertext = sealed[:len(data)]
	copy(h[tagAt:idlingAt], sealed[len(data):])
	mac := k.sign(h)
	copy(h[macAt:], mac[:])
	return ciphertext
}

// open decrypts data in place. It has room for the tag behind it.
func (k *visitorKeys) open(h *header, ciphertext []byte) (data []byte, ok bool) {
	gcm := k.aead(h.idBytes())
	sealed := append(ciphertext, h[tagAt:idlingAt]...)
	data, err := gcm.Open(sealed[:0], gcm.iv[:], sealed, h[:tagAt])
	return data, err == nil
}
