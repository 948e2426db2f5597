package resp

import (
	"math/big"
	"regexp"
	"strings"
)

// A slowDecoder reads RESP by its grammar, without a thought for speed or for bytes that arrive later: what the Scanner and the
// Reply do is held against it. It panics with one of the outcomes when there is no value.
type slowDecoder struct {
	in                 string
	at                 int
	maxFrame, maxDepth int
}

type slowOutcome string

const (
	slowMore    slowOutcome = "more"
	slowInvalid slowOutcome = "invalid"
)

var slowGrammar = map[Kind]*regexp.Regexp{
	SimpleString: regexp.MustCompile(`^[^\r\n]*$`),
	SimpleError:  regexp.MustCompile(`^[^\r\n]*$`),
	Integer:      regexp.MustCompile(`^[+-]?[0-9]+$`),
	BigNumber:    regexp.MustCompile(`^[+-]?[0-9]+$`),
	Null:         regexp.MustCompile(`^$`),
	Boolean:      regexp.MustCompile(`^[tf]$`),
	Double:       regexp.MustCompile(`^([+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?|[+-]?inf|-?nan)$`),
}

var slowLength = regexp.MustCompile(`^(0|[1-9][0-9]*)$`)

// slowDecode returns the value that in begins with and its length, or why there is none.
func slowDecode(in string, maxFrame, maxDepth int) (v Value, n int, outcome slowOutcome) {
	d := slowDecoder{in: in, maxFrame: maxFrame, maxDepth: maxDepth}
	defer func() {
		if failed := recover(); failed != nil {
			v, n, outcome = Value{}, 0, failed.(slowOutcome)
		}
	}()
	v = d.value(0)
	return v, d.at, ""
}

func (d *slowDecoder) fail(when bool, why slowOutcome) {
	if when {
		panic(why)
	}
}

func (d *slowDecoder) value(depth int) Value {
	start := d.at
	kind, line := d.line()
	if line == "-1" && (kind == BulkString || kind == Array) {
		return Value{}
	}
	switch kind {
	case BulkString, BulkError, VerbatimString:
		s := d.bulk(kind, d.length(line, 1, 2))
		return Value{kind: kind, text: s}
	case Array, Set, Push, Map, Attribute:
		per := 1
		if kind == Map || kind == Attribute {
			per = 2
		}
		d.fail(kind == Push && start > 0, slowInvalid)
		n := d.length(line, int64(per*minElement), 0) * per
		d.fail(depth >= d.maxDepth, slowInvalid)
		elems := []Value{}
		for range n {
			elems = append(elems, d.value(depth+1))
		}
		if kind == Attribute {
			return d.value(depth)
		}
		return Value{kind: kind, elems: elems}
	}
	d.fail(!slowGrammar[kind].MatchString(line), slowInvalid)
	switch kind {
	case Null:
		return Value{}
	case Boolean:
		return Value{kind: kind, num: int64(strings.Index("ft", line))}
	case Integer:
		var n big.Int
		n.SetString(line, 10)
		d.fail(!n.IsInt64() || len(line) > maxIntLine, slowInvalid)
		return Value{kind: kind, num: n.Int64()}
	}
	return Value{kind: kind, text: line}
}

// line reads a line with its kind byte.
func (d *slowDecoder) line() (Kind, string) {
	rest := d.in[d.at:]
	d.fail(rest == "", slowMore)
	kind := Kind(rest[0])
	longest := d.maxFrame - d.at
	switch {
	case strings.ContainsRune("+-,(", rune(kind)):
	case strings.ContainsRune(":$*_#!=%~|>", rune(kind)):
		longest = min(longest, maxHeader)
	default:
		d.fail(true, slowInvalid)
	}
	line, _, found := strings.Cut(rest, "\n")
	d.fail(len(line)+1 > longest, slowInvalid)
	d.fail(!found, slowMore)
	d.at += len(line) + 1
	line, found = strings.CutSuffix(line[1:], "\r")
	d.fail(!found || strings.Contains(line, "\r"), slowInvalid)
	return kind, line
}

// length reads how many items of so many bytes follow, with more bytes behind them.
func (d *slowDecoder) length(line string, each, behind int64) int {
	d.fail(!slowLength.MatchString(line), slowInvalid)
	var n, end big.Int
	n.SetString(line, 10)
	end.Mul(&n, big.NewInt(each))
	end.Add(&end, big.NewInt(int64(d.at)+behind))
	d.fail(end.Cmp(big.NewInt(int64(d.maxFrame))) > 0, slowInvalid)
	return int(n.Int64())
}

// bulk reads n bytes and their CRLF. What is wrong shows as soon as it arrived.
func (d *slowDecoder) bulk(kind Kind, n int) string {
	rest := d.in[d.at:]
	verbatim := kind == VerbatimString
	d.fail(verbatim && n < 4, slowInvalid)
	d.fail(verbatim && len(rest) > 3 && rest[3] != ':', slowInvalid)
	d.fail(len(rest) > n && rest[n] != '\r', slowInvalid)
	d.fail(len(rest) > n+1 && rest[n+1] != '\n', slowInvalid)
	d.fail(len(rest) < n+2, slowMore)
	d.at += n + 2
	if verbatim {
		return rest[4:n]
	}
	return rest[:n]
}
