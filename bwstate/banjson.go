package bwstate

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
)

// maxDate is the largest date that is believed, in Unix seconds: the end of the year 9999.
const maxDate = 253402300799

// encode writes a ban with every field that readers look at. The UI and bwcli fail without a date, and Lua with a null.
func (b Ban) encode() []byte {
	data := b.Data
	if data == nil {
		data = json.RawMessage("{}")
	}
	dst := append(make([]byte, 0, 256), `{"reason":`...)
	dst = appendJSONString(dst, b.Reason)
	dst = appendJSONString(append(dst, `,"service":`...), b.Service)
	dst = strconv.AppendInt(append(dst, `,"date":`...), b.Date.Unix(), 10)
	dst = appendJSONString(append(dst, `,"country":`...), b.Country)
	dst = appendJSONString(append(dst, `,"ban_scope":`...), string(b.Scope))
	dst = append(append(dst, `,"reason_data":`...), data...)
	dst = strconv.AppendBool(append(dst, `,"permanent":`...), b.Permanent)
	return append(dst, '}')
}

// decode fills in what a value says. Nodes and older releases write much that is no whole ban: what is not a JSON object with a reason
// is itself the reason. Other fields of the wrong type are left out.
func (b *Ban) decode(value []byte) {
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
	if data := fields["reason_data"]; data != nil && checkReasonData(data) == nil {
		b.Data = data
	}
	// A float in what releases before 1.6.3 wrote.
	if sec, err := strconv.ParseFloat(string(fields["date"]), 64); err == nil && sec > 0 && sec <= maxDate {
		b.Date = time.Unix(int64(sec), 0)
	}
}

// checkReasonData refuses what would break the whole ban for a reader.
func checkReasonData(data json.RawMessage) error {
	if data == nil {
		return nil
	}
	trimmed := bytes.TrimLeft(data, " \t\r\n")
	if !json.Valid(data) || len(trimmed) == 0 || trimmed[0] != '{' && trimmed[0] != '[' {
		return &ArgumentError{Name: "Data", Problem: "is neither a JSON object nor an array"}
	}
	return nil
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
