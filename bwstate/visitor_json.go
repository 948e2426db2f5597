package bwstate

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonItems splits a JSON array or object that is known to be valid: its elements, or its names and values in turn, as they are written. It copies nothing, and
// keeps every byte, also where a text is not UTF-8: nodes write what browsers send.
type jsonItems struct {
	rest []byte
}

// items returns what is between the brackets, and false when value is not of that kind.
func items(value []byte, open byte) (jsonItems, bool) {
	value = bytes.Trim(value, " \t\r\n")
	if len(value) < 2 || value[0] != open {
		return jsonItems{}, false
	}
	return jsonItems{value[1 : len(value)-1]}, true
}

// next returns the next item.
func (it *jsonItems) next() (item []byte, ok bool) {
	rest := bytes.TrimLeft(it.rest, " \t\r\n,:")
	if len(rest) == 0 {
		return nil, false
	}
	end := itemEnd(rest)
	it.rest = rest[end:]
	return rest[:end:end], true
}

// itemEnd finds the end of the value that text begins with.
func itemEnd(text []byte) int {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
			continue
		case c == '"':
			inString = !inString
		case inString:
			continue
		case c == '[' || c == '{':
			depth++
			continue
		case c == ']' || c == '}':
			depth--
		case c == ',' || c == ':' || c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if depth == 0 {
				return i // behind a number, true, false or null
			}
			continue
		default:
			continue
		}
		if depth == 0 && !inString {
			return i + 1
		}
	}
	return len(text)
}

// jsonText returns the text of a valid JSON string, and false when value is something else. Bytes that are not UTF-8 stay as they are.
func jsonText(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	value = value[1 : len(value)-1]
	if bytes.IndexByte(value, '\\') < 0 {
		return string(value), true
	}
	text := make([]byte, 0, len(value))
	for len(value) > 0 {
		if value[0] != '\\' {
			text, value = append(text, value[0]), value[1:]
			continue
		}
		if value[1] == 'u' {
			r, size := jsonEscape(value)
			text, value = utf8.AppendRune(text, r), value[size:]
			continue
		}
		text, value = append(text, escaped[value[1]]), value[2:]
	}
	return string(text), true
}

var escaped = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// jsonEscape reads the \u at the beginning of value, with its second half where there is one. Half a pair is U+FFFD.
func jsonEscape(value []byte) (r rune, size int) {
	r = hexRune(value[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(value) >= 12 && value[6] == '\\' && value[7] == 'u' {
		if pair := utf16.DecodeRune(r, hexRune(value[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hexRune(digits []byte) (r rune) {
	for _, c := range digits {
		switch {
		case c <= '9':
			c -= '0'
		case c <= 'F':
			c -= 'A' - 10
		default:
			c -= 'a' - 10
		}
		r = r<<4 | rune(c)
	}
	return r
}

// maxDepth is how deep values may be nested. BunkerWeb's decoder gives up at a thousand, the levels around the value included.
const maxDepth = 900

// checkLua says what BunkerWeb's own decoder would not read of a valid JSON value, which would cost the visitor the whole session.
func checkLua(value []byte) (problem string) {
	depth, inString := 0, false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case inString && c == '\\' && value[i+1] == 'u':
			r, size := jsonEscape(value[i:])
			if r == utf8.RuneError && size == 6 && utf16.IsSurrogate(hexRune(value[i+2:i+6])) {
				return "has half a surrogate pair, which nodes do not read"
			}
			i += size - 1
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return "is nested too deeply for nodes"
			}
		case c == ']' || c == '}':
			depth--
		case c == '-' || '0' <= c && c <= '9':
			size := numberSize(value[i:])
			if _, err := strconv.ParseFloat(string(value[i:i+size]), 64); err != nil {
				return "has a number that is infinite to nodes, which do not write it again"
			}
			i += size - 1
		}
	}
	return ""
}

// numberSize is how long the number is that text begins with.
func numberSize(text []byte) int {
	for i, c := range text {
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			return i
		}
	}
	return len(text)
}

// hasHalfPair reports whether a JSON string has half a surrogate pair. Two that differ in it have the same text, and nodes read neither.
func hasHalfPair(quoted []byte) bool {
	for i := 0; i < len(quoted); i++ {
		if quoted[i] != '\\' {
			continue
		}
		size := 2
		if quoted[i+1] == 'u' {
			var r rune
			if r, size = jsonEscape(quoted[i:]); r == utf8.RuneError && utf16.IsSurrogate(hexRune(quoted[i+2:i+6])) {
				return true
			}
		}
		i += size - 1
	}
	return false
}

// encodeField makes JSON of a value for a session.
func encodeField(name string, value any) (json.RawMessage, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // nodes do not escape them either
	err := encoder.Encode(value)
	text := bytes.TrimSuffix(out.Bytes(), []byte("\n"))
	switch {
	case err != nil:
		return nil, &ArgumentError{Name: "value of " + quoteShort(name), Problem: "cannot be JSON: " + err.Error()}
	case string(text) == "null":
		return nil, &ArgumentError{Name: "value of " + quoteShort(name), Problem: "is null, which nodes take for a value; use Remove"}
	}
	if problem := checkLua(text); problem != "" {
		return nil, &ArgumentError{Name: "value of " + quoteShort(name), Problem: problem}
	}
	return text, nil
}
