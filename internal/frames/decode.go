package frames

import (
	"math/big"
	"regexp"
	"strings"
)

// An Outcome tells what bytes are that are no whole reply.
type Outcome string

const (
	NeedMore Outcome = "more"    // the beginning of one
	Invalid  Outcome = "invalid" // none
)

// Limits are those that a decoder keeps to. MaxElements 0 is none.
type Limits struct{ MaxFrame, MaxDepth, MaxElements int }

// Decode returns the value that in begins with and its length, or why there is none. It reads RESP by its grammar, without a thought for speed, for
// memory or for bytes that arrive later.
func Decode(in string, limits Limits) (n Node, length int, why Outcome) {
	d := decoder{in: in, Limits: limits}
	defer func() {
		if failed := recover(); failed != nil {
			n, length, why = Node{}, 0, failed.(Outcome)
		}
	}()
	n = d.value(0, false)
	return n, d.at, ""
}

// A decoder panics with an Outcome when there is no value.
type decoder struct {
	Limits
	in       string
	at       int
	elements int64
}

const (
	minValue   = 3                  // bytes that any value takes
	longestInt = 32                 // bytes of an integer, leading zeros included
	header     = 1 + longestInt + 2 // bytes of a line that is a number, a letter or nothing
	texts      = "+-,("             // kinds whose line may be as long as the reply
	numbers    = ":$*_#!=%~|>;."    // all others
)

var grammar = map[byte]*regexp.Regexp{
	'+': regexp.MustCompile(`^[^\r\n]*$`),
	'-': regexp.MustCompile(`^[^\r\n]*$`),
	':': regexp.MustCompile(`^[+-]?[0-9]+$`),
	'(': regexp.MustCompile(`^[+-]?[0-9]+$`),
	'_': regexp.MustCompile(`^$`),
	'#': regexp.MustCompile(`^[tf]$`),
	',': regexp.MustCompile(`^([+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|[+-]?inf|-?nan)$`),
}

var length = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

func fail(when bool, why Outcome) {
	if when {
		panic(why)
	}
}

// value reads a value with the attributes before it. In a streamed aggregate it counts as one more: as soon as its header is there when
// it holds others or chunks, and otherwise when all of it is.
func (d *decoder) value(depth int, inStream bool) Node {
	start := d.at
	kind, line := d.line()
	fail(kind == ';' || kind == '.', Invalid)
	streams := line == "?" && strings.IndexByte("$*~%", kind) >= 0
	null := line == "-1" && (kind == '$' || kind == '*')
	switch {
	case kind == '|':
		return d.attribute(line, depth, inStream)
	case streams && kind == '$':
		d.count(inStream, 1)
		return Bulk(d.chunks())
	case strings.IndexByte("*~>%", kind) >= 0 && !null:
		d.count(inStream, 1)
		fail(kind == '>' && start > 0, Invalid)
		fail(depth >= d.MaxDepth, Invalid)
		if streams {
			return Agg(kind, d.stream(kind, depth+1)...)
		}
		return Agg(kind, d.elems(kind, line, depth+1)...)
	}
	n := d.single(kind, line, null)
	d.count(inStream, 1)
	return n
}

// single reads the rest of a value that holds no others.
func (d *decoder) single(kind byte, line string, null bool) Node {
	switch {
	case null:
		return Null
	case strings.IndexByte("$!=", kind) >= 0:
		return d.str(kind, line)
	}
	fail(!grammar[kind].MatchString(line), Invalid)
	switch kind {
	case '_':
		return Null
	case ':':
		var n big.Int
		n.SetString(line, 10)
		fail(!n.IsInt64() || len(line) > longestInt, Invalid)
		return Int(n.String())
	}
	return One(kind, line)
}

// elems reads the values that a count announces.
func (d *decoder) elems(kind byte, line string, depth int) (elems []Node) {
	per := 1
	if kind == '%' || kind == '|' {
		per = 2
	}
	n := d.length(line, int64(per*minValue), 0) * per
	d.count(true, n)
	for range n {
		elems = append(elems, d.value(depth, false))
	}
	return elems
}

// attribute reads an attribute and the value that it belongs to.
func (d *decoder) attribute(line string, depth int, inStream bool) Node {
	fail(depth >= d.MaxDepth, Invalid)
	attrs := d.elems('|', line, depth+1)
	v := d.value(depth, inStream)
	v.Attrs = append(attrs, v.Attrs...)
	return v
}

// stream reads the values of a streamed aggregate up to its end.
func (d *decoder) stream(kind byte, depth int) (elems []Node) {
	for !d.ended(kind, len(elems)) {
		elems = append(elems, d.value(depth, true))
	}
	return elems
}

// ended reads the end of a streamed aggregate of so many values, if it is next.
func (d *decoder) ended(kind byte, values int) bool {
	if d.at == len(d.in) || d.in[d.at] != '.' {
		return false
	}
	_, line := d.line()
	fail(line != "" || kind == '%' && values%2 == 1, Invalid)
	return true
}

// count adds n to the elements seen, if they are to be counted.
func (d *decoder) count(really bool, n int) {
	if really {
		d.elements += int64(n)
	}
	fail(d.MaxElements > 0 && d.elements > int64(d.MaxElements), Invalid)
}

// chunks reads a streamed string up to its end.
func (d *decoder) chunks() string {
	var b strings.Builder
	for {
		kind, line := d.line()
		fail(kind != ';', Invalid)
		if line == "0" {
			return b.String()
		}
		b.WriteString(d.body(d.length(line, 1, 2)))
	}
}

// str reads a string whose length is known.
func (d *decoder) str(kind byte, line string) Node {
	n := d.length(line, 1, 2)
	if kind != '=' {
		return One(kind, d.body(n))
	}
	rest := d.in[d.at:]
	fail(n < 4 || len(rest) > 3 && rest[3] != ':', Invalid)
	s := d.body(n)
	return Verbatim(s[:3], s[4:])
}

// body reads n bytes and their CRLF. What is wrong shows as soon as it arrived.
func (d *decoder) body(n int) string {
	rest := d.in[d.at:]
	fail(len(rest) > n && rest[n] != '\r', Invalid)
	fail(len(rest) > n+1 && rest[n+1] != '\n', Invalid)
	fail(len(rest) < n+2, NeedMore)
	d.at += n + 2
	return rest[:n]
}

// line reads a line with its kind byte.
func (d *decoder) line() (kind byte, line string) {
	rest := d.in[d.at:]
	fail(rest == "", NeedMore)
	kind = rest[0]
	longest := d.MaxFrame - d.at
	switch {
	case strings.IndexByte(texts, kind) >= 0:
	case strings.IndexByte(numbers, kind) >= 0:
		longest = min(longest, header)
	default:
		panic(Invalid)
	}
	line, _, found := strings.Cut(rest, "\n")
	fail(len(line)+1 > longest, Invalid)
	fail(!found, NeedMore)
	d.at += len(line) + 1
	line, found = strings.CutSuffix(line[1:], "\r")
	fail(!found || strings.Contains(line, "\r"), Invalid)
	return kind, line
}

// length reads how many items of so many bytes follow, with more bytes behind them.
func (d *decoder) length(line string, each, behind int64) int {
	fail(!length.MatchString(line), Invalid)
	var n, end big.Int
	n.SetString(line, 10)
	end.Mul(&n, big.NewInt(each))
	end.Add(&end, big.NewInt(int64(d.at)+behind))
	fail(end.Cmp(big.NewInt(int64(d.MaxFrame))) > 0, Invalid)
	return int(n.Int64())
}
