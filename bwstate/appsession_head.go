package bwstate

import (
	"strconv"
	"time"
)

// A stored session begins with a head of fixed width, in text, so that scripts can read and change it in place:
//
//	bwas1 e 000000000000001 001764347630123 001764347630123 001764347630123 001764349430123 oQ…43 characters…8 data
//
// It says whether the data is plain (p) or encrypted (e), and then version, milliseconds of creation, of the id's own, of the last use, of the end, and the hash of the
// subject. Scripts of lua/appsession*.lua know these places, too.
const (
	headMagic   = "bwas1 "
	headKindAt  = len(headMagic)
	headNumbers = headKindAt + 2
	headDigits  = 15
	headSubject = headNumbers + 5*(headDigits+1)
	headSize    = headSubject + hashSize + 1
)

// hashSize is the length of a hash as text: SHA-256 in base64url without padding.
const hashSize = 43

// nobody stands for the hash where a session has no subject.
const nobody = "-------------------------------------------"

// kinds of data.
const (
	plainData  = 'p'
	sealedData = 'e'
)

// A head is what is known of a session without its data. Times are Unix milliseconds.
type head struct {
	kind                            byte
	version                         int64
	created, rotated, used, expires int64
	subject                         string // its hash, or nobody
}

// parseHead reads the head that value begins with. It accepts exactly what appendHead writes.
func parseHead[T string | []byte](value T) (h head, ok bool) {
	if len(value) < headSize || string(value[:headKindAt]) != headMagic || value[headKindAt+1] != ' ' || value[headSize-1] != ' ' {
		return head{}, false
	}
	h.kind = value[headKindAt]
	if h.kind != plainData && h.kind != sealedData {
		return head{}, false
	}
	for i, n := range []*int64{&h.version, &h.created, &h.rotated, &h.used, &h.expires} {
		at := headNumbers + i*(headDigits+1)
		for _, c := range []byte(value[at : at+headDigits]) {
			if c < '0' || c > '9' {
				return head{}, false
			}
			*n = *n*10 + int64(c-'0')
		}
		if value[at+headDigits] != ' ' {
			return head{}, false
		}
	}
	h.subject = nobody
	if subject := value[headSubject : headSubject+hashSize]; string(subject) != nobody {
		h.subject = string(subject)
	}
	return h, isHash(h.subject)
}

func (h *head) append(dst []byte) []byte {
	dst = append(append(dst, headMagic...), h.kind, ' ')
	for _, n := range []int64{h.version, h.created, h.rotated, h.used, h.expires} {
		dst = append(appendMillis(dst, n), ' ')
	}
	return append(append(dst, h.subject...), ' ')
}

// appendMillis writes a number with headDigits digits.
func appendMillis(dst []byte, n int64) []byte {
	var digits [20]byte
	text := strconv.AppendInt(digits[:0], n, 10)
	for range headDigits - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// isHash reports whether text may be a hash, or nobody.
func isHash(text string) bool {
	if len(text) != hashSize {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// info is the head as callers see it.
func (h *head) info(handle string, place AppSessionPlace) AppSessionInfo {
	return AppSessionInfo{
		Handle: handle, Place: place, Version: h.version,
		Created: time.UnixMilli(h.created), Rotated: time.UnixMilli(h.rotated), Used: time.UnixMilli(h.used), Expires: time.UnixMilli(h.expires),
	}
}
