package bwstate

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDate is the largest date that is believed, in Unix seconds: the end of the year 9999.
const maxDate = 253402300799

// maxBanValue is how long the value of a ban may be, in bytes. Of a longer one no more is asked for.
const maxBanValue = 2 << 20

// maxOddReason is how much of a longer one is its reason, in bytes.
const maxOddReason = 1 << 10

func checkBanValue(value []byte) error {
	if len(value) > maxBanValue {
		return &ArgumentError{Name: "ban", Problem: "takes more than two mebibytes"}
	}
	return nil
}

// encode writes a ban with every field that readers look at. The UI and bwcli fail without a date, and Lua with a null.
func (b Ban) encode() []byte {
	data := b.Data
	if data == nil {
		data = json.RawMessage("{}")
	}
	dst := append(make([]byte, 0, 256), `{"reason":`...)
	dst = appendJSONString(dst, validText(b.Reason))
	dst = appendJSONString(append(dst, `,"service":`...), validText(b.Service))
	dst = strconv.AppendInt(append(dst, `,"date":`...), b.Date.Unix(), 10)
	dst = appendJSONString(append(dst, `,"country":`...), validText(b.Country))
	dst = appendJSONString(append(dst, `,"ban_scope":`...), string(b.Scope))
	dst = append(append(dst, `,"reason_data":`...), data...)
	dst = strconv.AppendBool(append(dst, `,"permanent":`...), b.Permanent)
	return append(dst, '}')
}

// validText replaces each byte that is not UTF-8, for which Python drops every ban.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// decode fills in what a value says. Nodes and older releases write much that is no whole ban: what is not a JSON object with a reason
// is itself the reason. Other fields of the wrong type are left out.
func (b *Ban) decode(value []byte) {
	if len(value) > maxBanValue { // nobody's ban, and cut off
		b.Reason = string(value[:maxOddReason])
		return
	}
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(value, &fields) // there are none when this fails
	switch reason := fields["reason"]; {
	case reason == nil:
		b.Reason = string(value)
	case json.Unmarshal(reason, &b.Reason) != nil:
		b.Reason = string(reason)
	}
	if fields == nil {
		return
	}
	_ = json.Unmarshal(fields["country"], &b.Country)
	if b.Scope == GlobalScope { // otherwise the key says it
		_ = json.Unmarshal(fields["service"], &b.Service)
	}
	if data := fields["reason_data"]; data != nil && isReasonData(data) {
		b.Data = data
	}
	// A float in what releases before 1.6.3 wrote.
	if sec, err := strconv.ParseFloat(string(fields["date"]), 64); err == nil && sec > 0 && sec <= maxDate {
		b.Date = time.Unix(int64(sec), 0)
	}
}

// isReasonData reports whether data is a JSON object or an array.
func isReasonData(data []byte) bool {
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	return json.Valid(data) && (trimmed[0] == '{' || trimmed[0] == '[')
}

// What every reader reads: Lua and Python give up at about a thousand nested values, and Python at numbers of some thousand digits.
const (
	maxNesting    = 100
	maxNumberSize = 300
)

// checkReasonData refuses what would break the whole ban, or the list that it is in, for a reader.
func checkReasonData(data json.RawMessage) error {
	switch {
	case data == nil:
		return nil
	case !isReasonData(data):
		return &ArgumentError{Name: "Data", Problem: "is neither a JSON object nor an array"}
	case !utf8.Valid(data):
		return &ArgumentError{Name: "Data", Problem: "is not UTF-8"}
	}
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			inText = !inText
		case c == '\\':
			n := escapeSize(data[i:])
			if n == 0 {
				return &ArgumentError{Name: "Data", Problem: "has half of a surrogate pair, which Lua does not read"}
			}
			i += n - 1
		case inText:
		case c == '{', c == '[':
			if depth++; depth > maxNesting {
				return &ArgumentError{Name: "Data", Problem: "is nested deeper than a hundred values"}
			}
		case c == '}', c == ']':
			depth--
		case c == '-', '0' <= c && c <= '9':
			n := len(data[i:]) - len(bytes.TrimLeft(data[i:], "+-.eE0123456789"))
			if _, err := strconv.ParseFloat(string(data[i:i+n]), 64); err != nil || n > maxNumberSize {
				return &ArgumentError{Name: "Data", Problem: "has a number that is too large or too long"}
			}
			i += n - 1
		}
	}
	return nil
}

// escapeSize returns how long the escape is that valid JSON begins with, a surrogate pair as one; 0 when half of one is missing.
func escapeSize(data []byte) int {
	if data[1] != 'u' {
		return len(`\n`)
	}
	unit := func(at int) rune {
		n, _ := strconv.ParseUint(string(data[at:at+4]), 16, 32)
		return rune(n)
	}
	const size = len(`\u0000`)
	switch first := unit(2); {
	case !utf16.IsSurrogate(first):
		return size
	case bytes.HasPrefix(data[size:], []byte(`\u`)) && utf16.DecodeRune(first, unit(size+2)) != utf8.RuneError:
		return 2 * size
	}
	return 0
}

// appendJSONString writes a string as BunkerWeb's own encoder does: a slash and DEL escaped, bytes above ASCII copied even when they are not UTF-8.
func appendJSONString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '/':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			if c < ' ' || c == 0x7f {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return append(dst, '"')
}
