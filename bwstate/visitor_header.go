package bwstate

import (
	"bytes"
	"encoding/base64"
)

// A cookie starts with a header of 82 bytes. Offsets of its fields; numbers are unsigned, and their first byte is the lowest.
const (
	flagsAt    = 1
	idAt       = 3
	creationAt = 35
	rollingAt  = 40
	sizeAt     = 44
	tagAt      = 47 // what is before is authenticated with the data, too
	idlingAt   = 63
	macAt      = 66
	headerSize = 82

	headerTextSize = 110 // in base64url
	headerType     = 1
)

// Flags of a header.
const (
	flagStored   = 0x0001 // the data is on the server
	flagDeflated = 0x0010

	knownFlags = flagStored | flagDeflated
)

// Limits of the fields, and of cookies.
const (
	maxIdling     = 1<<24 - 1
	maxRolling    = 1<<32 - 1
	maxCreation   = 1<<40 - 1
	maxCookieSize = 4096 // name, "=" and value; no browser keeps more
)

// header is the header of a cookie, as it is sent. Its fields are read where they are.
type header [headerSize]byte

func (h *header) number(at, size int) (n int64) {
	for i := size - 1; i >= 0; i-- {
		n = n<<8 | int64(h[at+i])
	}
	return n
}

func (h *header) setNumber(at, size int, n int64) {
	for i := range size {
		h[at+i] = byte(n >> (8 * i))
	}
}

func (h *header) flags() int64    { return h.number(flagsAt, idAt-flagsAt) }
func (h *header) creation() int64 { return h.number(creationAt, rollingAt-creationAt) }
func (h *header) rolling() int64  { return h.number(rollingAt, sizeAt-rollingAt) }
func (h *header) size() int64     { return h.number(sizeAt, tagAt-sizeAt) }
func (h *header) idling() int64   { return h.number(idlingAt, macAt-idlingAt) }
func (h *header) id() SessionID   { return SessionID(h[idAt:creationAt]) }
func (h *header) stored() bool    { return h.flags()&flagStored != 0 }
func (h *header) idBytes() []byte { return h[idAt:creationAt] }
func (h *header) saved() int64    { return h.creation() + h.rolling() }
func (h *header) touched() int64  { return h.saved() + h.idling() }

func (h *header) setCreation(n int64) {
	h.setNumber(creationAt, rollingAt-creationAt, min(max(n, 0), maxCreation))
}

func (h *header) setRolling(n int64) {
	h.setNumber(rollingAt, sizeAt-rollingAt, min(max(n, 0), maxRolling))
}

func (h *header) setIdling(n int64) { h.setNumber(idlingAt, macAt-idlingAt, min(max(n, 0), maxIdling)) }

// appendText appends the header as it stands in the cookie.
func (h *header) appendText(dst []byte) []byte { return base64.RawURLEncoding.AppendEncode(dst, h[:]) }

// parse reads the header at the beginning of a cookie. As nodes do, it does not look at the bits that the last character has too many.
func (h *header) parse(cookie string) error {
	switch {
	case cookie == "":
		return refused(NoCookie)
	case len(cookie) < headerTextSize:
		return refused(CookieTruncated)
	case len(cookie) > maxCookieSize:
		return refused(CookieTooLarge)
	}
	var text [headerTextSize]byte
	copy(text[:], cookie)
	if bytes.ContainsAny(text[:], "\r\n") { // which the decoder would skip
		return refused(CookieNotBase64)
	}
	if _, err := base64.RawURLEncoding.Decode(h[:], text[:]); err != nil {
		return refused(CookieNotBase64)
	}
	if h[0] != headerType {
		return refused(CookieType)
	}
	return nil
}

// checkHeader looks at what a header says of itself, in the order in which nodes do: kind of storage, then the three timeouts. Equality passes.
func (vs *VisitorSessions) checkHeader(h *header, stored bool, now int64) error {
	if h.stored() != stored {
		return refused(OtherStorage)
	}
	if h.flags()&^knownFlags != 0 {
		return refused(CookieFlags)
	}
	expired := func(limit, since int64) bool { return limit != 0 && now-since > limit }
	switch {
	case vs.skew != 0 && h.creation()-now > vs.skew:
		return refused(FromTheFuture)
	case expired(vs.absolute, h.creation()):
		return refused(AbsoluteExpired)
	case expired(vs.rolling, h.saved()):
		return refused(RollingExpired)
	case expired(vs.idling, h.touched()):
		return refused(IdlingExpired)
	}
	return nil
}
