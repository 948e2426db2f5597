package bwstate

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
)

const (
	keyIDSize  = 4       // bytes that tell keys apart
	sealExtra  = 12 + 16 // nonce and tag of AES-GCM
	minSealed  = keyIDSize + sealExtra
	deriveInfo = "bwredis application session 1 "
	keyIDInfo  = "bwredis application session key "
)

// NewAppSessionKey returns a new key for [AppSessionConfig].Keys: 32 random bytes in base64.
func NewAppSessionKey() Secret {
	var key [32]byte
	_, _ = rand.Read(key[:]) // it never fails (crypto/rand, since Go 1.24)
	return Secret(base64.StdEncoding.EncodeToString(key[:]))
}

// A keyring encrypts with its first key and decrypts with all. The keys are in what functions hold, because fmt finds the way to everything else.
type keyring struct {
	first func() *sealKey // nil: there are none
	find  func(id []byte) *sealKey
}

type sealKey struct {
	id  [keyIDSize]byte
	key [32]byte
}

func newKeyring(texts []Secret) (*keyring, error) {
	var keys []sealKey
	find := func(id []byte) *sealKey {
		for i := range keys {
			if string(keys[i].id[:]) == string(id) {
				return &keys[i]
			}
		}
		return nil
	}
	for i, text := range texts {
		key, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil || len(key) != 32 {
			return nil, &ArgumentError{Name: fmt.Sprintf("Keys[%d]", i), Problem: "is not 32 bytes in base64"}
		}
		k := sealKey{key: [32]byte(key)}
		sum := sha256.Sum256(append([]byte(keyIDInfo), key...))
		copy(k.id[:], sum[:])
		if find(k.id[:]) != nil {
			return nil, &ArgumentError{Name: fmt.Sprintf("Keys[%d]", i), Problem: "is there twice"}
		}
		keys = append(keys, k)
	}
	ring := &keyring{find: find}
	if len(keys) > 0 {
		ring.first = func() *sealKey { return &keys[0] }
	}
	return ring, nil
}

func (ring *keyring) empty() bool { return ring.first == nil }

// seal appends text, encrypted for a session, to dst. context is what text belongs to, and must be the same when it is opened.
func (ring *keyring) seal(dst []byte, token string, context, text []byte) []byte {
	k := ring.first()
	dst = append(dst, k.id[:]...)
	return k.cipher(token).Seal(dst, nil, text, context)
}

// open appends to dst what seal encrypted.
func (ring *keyring) open(dst []byte, token string, context, sealed []byte) ([]byte, error) {
	if len(sealed) < minSealed {
		return nil, &AppSessionValueError{Reason: Altered}
	}
	k := ring.find(sealed[:keyIDSize])
	if k == nil {
		return nil, &AppSessionValueError{Reason: ForeignKey}
	}
	text, err := k.cipher(token).Open(dst, nil, sealed[keyIDSize:], context)
	if err != nil {
		return nil, &AppSessionValueError{Reason: Altered}
	}
	return text, nil
}

// cipher is that of one session. A key for each keeps random nonces far from repeating, however often sessions are saved.
func (k *sealKey) cipher(token string) cipher.AEAD {
	mac := hmac.New(sha256.New, k.key[:])
	var room [128]byte
	_, _ = mac.Write(append(append(room[:0], deriveInfo...), token...))
	var key [sha256.Size]byte
	block, err := aes.NewCipher(mac.Sum(key[:0]))
	if err != nil {
		panic("bwstate: " + err.Error()) // 32 bytes are a key
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("bwstate: " + err.Error()) // the block is one of AES
	}
	return aead
}
