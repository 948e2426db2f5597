package resp

import (
	"strconv"
	"strings"
)

// String shows v to a person, on one line: strings quoted but for plain simple strings, arrays in [ ], sets and maps in { }. Error
// replies are shown as [Error.Error] does.
func (v Value) String() string {
	var b strings.Builder
	if v.kind.isAggregate() {
		showAggregate(&b, v.text)
	} else {
		v.show(&b)
	}
	return b.String()
}

// GoString keeps %#v from showing what String hides.
func (v Value) GoString() string { return "resp.Value{" + v.String() + "}" }

// show writes a single value.
func (v Value) show(b *strings.Builder) {
	switch {
	case v.kind == 0:
		b.WriteString("null")
	case v.kind.isError():
		b.WriteString("error(" + clean(v.text) + ")")
	case v.kind == Boolean:
		b.WriteString(strconv.FormatBool(v.num == 1))
	case v.kind == Integer:
		b.WriteString(strconv.FormatInt(v.num, 10))
	case v.kind == Double || v.kind == BigNumber:
		b.WriteString(v.text)
	case v.kind == SimpleString && isPlain(v.text):
		b.WriteString(v.text)
	default:
		b.WriteString(strconv.Quote(v.plain()))
	}
}

// isPlain reports whether text needs no quotes.
func isPlain(text string) bool { return strconv.Quote(text) == `"`+text+`"` }

// A shownLevel is an aggregate whose opening bracket is written and whose closing one is not.
type shownLevel struct {
	kind  Kind
	shown int
	left  int // how many are still to come; of a stream, -1 until its end
}

// showAggregate writes the aggregate whose bytes are frame, token by token, and as far as it is one: a Value can be made of bytes
// that no Scanner accepted. A stack of its own instead of recursion leaves the depth to the frame.
func showAggregate(b *strings.Builder, frame string) {
	var levels []shownLevel
	for pos := 0; pos < len(frame); {
		t := tokenAt(frame, pos)
		switch {
		case t.kind == Attribute:
			next, ok := skip(frame, t.next, t.count)
			if !ok {
				return
			}
			pos = next
			continue
		case t.kind == streamEnd && len(levels) > 0:
			levels[len(levels)-1].left = 0
		case t.kind == 0 || t.kind == streamEnd:
			return
		default:
			levels = showToken(b, levels, frame, &t)
		}
		pos = t.next
		levels = closeLevels(b, levels)
	}
}

// showToken writes a single value or the beginning of an aggregate; t.next is behind it then.
func showToken(b *strings.Builder, levels []shownLevel, frame string, t *token) []shownLevel {
	if n := len(levels); n > 0 {
		b.WriteString(levels[n-1].separator())
		levels[n-1].shown++
		if levels[n-1].left > 0 {
			levels[n-1].left--
		}
	}
	if t.kind.isAggregate() {
		b.WriteByte(brackets(t.kind)[0])
		level := shownLevel{kind: t.kind, left: t.count}
		if t.streamed {
			level.left = -1
		}
		return append(levels, level)
	}
	if v, next, ok := valueOf(frame, *t); ok {
		v.show(b)
		t.next = next
	}
	return levels
}

// closeLevels writes the closing brackets of the levels that have come to their end, and returns the others.
func closeLevels(b *strings.Builder, levels []shownLevel) []shownLevel {
	for len(levels) > 0 && levels[len(levels)-1].left == 0 {
		b.WriteByte(brackets(levels[len(levels)-1].kind)[1])
		levels = levels[:len(levels)-1]
	}
	return levels
}

// separator returns what goes before the next element.
func (l shownLevel) separator() string {
	switch {
	case l.shown == 0:
		return ""
	case l.kind == Map && l.shown%2 == 1:
		return ": "
	}
	return ", "
}

func brackets(k Kind) string {
	if k == Map || k == Set {
		return "{}"
	}
	return "[]"
}
