package resp

import (
	"errors"
	"strconv"
	"strings"
)

// An Error is an error reply: the server understood the request and said no. The connection is fine.
type Error struct {
	// Message is the server's text without the kind byte. It may echo arguments of the command, passwords included; [Error.Error]
	// hides them.
	Message string
}

// Error returns the message fit for a log: one line, of bounded length, and [hidden] for what the server quotes, which is how servers echo
// arguments of AUTH, HELLO, ACL, CONFIG and SENTINEL. The name of a command, subcommand or setting is kept where servers quote one. What they
// echo without quotes, as EXPIRE does with an option it does not know, is kept.
func (e *Error) Error() string { return "redis: " + clean(e.Message) }

// GoString keeps %#v from showing what Error hides.
func (e Error) GoString() string { return "&resp.Error{" + strconv.Quote(clean(e.Message)) + "}" }

// MarshalText is what structured logs write of an error inside another value: what Error returns.
func (e Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Code returns the first word of the message, by which servers classify errors: "ERR", "WRONGTYPE", "NOSCRIPT".
func (e *Error) Code() string {
	code, _, _ := strings.Cut(e.Message, " ")
	return code
}

// IsCode reports whether the first [*Error] that err is, or wraps, has that code.
func IsCode(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code() == code
}

// A SyntaxError says that bytes are not RESP or exceed a limit. The connection they came from is of no further use.
type SyntaxError struct {
	Offset int    // in bytes from the start of the reply
	Msg    string // contains no bytes of the reply but a type byte that there is none of
	// Excerpt is how the offending line begins, as far as it has come, in quotes. It may be a piece of a value: behind the first byte, letters are
	// shown as dots, and so are digits where no number has to be, but for three in a row.
	Excerpt string
}

func (e *SyntaxError) Error() string {
	msg := "resp: " + e.Msg + " at byte " + strconv.Itoa(e.Offset) + " of the reply"
	if e.Excerpt == "" {
		return msg
	}
	return msg + ": " + e.Excerpt
}

// A TypeError says that a reply is well-formed but not what the caller asked for. The connection is fine.
type TypeError struct {
	Want string // such as "integer"
	Got  Kind   // 0: the reply had ended
}

func (e *TypeError) Error() string {
	return "resp: reply is " + article(e.Got.String()) + ", want " + article(e.Want)
}

func article(noun string) string {
	switch {
	case noun == "" || noun == "nothing" || noun == "null":
		return noun
	case strings.IndexByte("aeiou", noun[0]) >= 0:
		return "an " + noun
	}
	return "a " + noun
}

// quoteByte shows a byte that need not be text.
func quoteByte(b byte) string { return quote([]byte{b}) }
