package resp

import (
	"iter"
	"strconv"
)

// A Value is a reply as an owned tree, for ad-hoc use where the shape is not known beforehand. The zero Value is null. Values are
// immutable and may be shared between goroutines.
//
// A Value that holds others is one copy of its bytes on the wire: it takes no more memory than arrived, whatever a server puts into it,
// and its elements are made when they are asked for. The texts of elements are parts of that copy and keep all of it in memory; use
// [strings.Clone] to keep one alone. Attributes are left out; [Reply.Attributes] reads them.
//
// To find an element, those before it are walked through. So to go down through all levels of a Value costs its size for each level, where a Reply is
// read once; of whoever may send a reply that is large, and nested as deep as allowed, that is many seconds of a processor.
type Value struct {
	kind Kind
	num  int64  // of an integer or a boolean
	text string // of any other single value; of an aggregate, its bytes on the wire
}

// Value copies the next value, with all it holds, and moves past it. Error replies become values too.
func (r *Reply) Value() Value {
	v, next, ok := valueOf(r.buf, r.peek())
	if !ok {
		r.want("complete value")
		return Value{}
	}
	r.pos = next
	return v
}

// valueOf returns the value whose token, or header, is t, and where it ends. From a string it copies nothing.
func valueOf[B bytestring](b B, t token) (v Value, next int, ok bool) {
	text := b[t.from:t.to]
	switch {
	case t.kind == 0:
		return Value{}, 0, false
	case t.kind == Null:
		return Value{}, t.next, true
	case t.kind == Integer || t.kind == Boolean:
		n, ok := toInt(t.kind, text)
		return Value{kind: t.kind, num: n}, t.next, ok
	case t.kind.isAggregate():
		next, ok = skip(b, t.at, 1)
		if !ok {
			return Value{}, 0, false
		}
		return Value{kind: t.kind, text: string(b[t.at:next])}, next, true
	case t.streamed:
		next, ok = streamedString(b, t)
		if !ok {
			return Value{}, 0, false
		}
		return Value{kind: t.kind, text: chunksText(b, t.next)}, next, true
	}
	return Value{kind: t.kind, text: string(text)}, t.next, true
}

// Kind returns what the server sent; [Null] for the zero Value.
func (v Value) Kind() Kind {
	if v.kind == 0 {
		return Null
	}
	return v.kind
}

// IsNull reports whether v is null: the key, field or element does not exist.
func (v Value) IsNull() bool { return v.kind == 0 }

// Err returns the [*Error] that v is, or nil.
func (v Value) Err() error {
	if v.kind.isError() {
		return &Error{Message: v.text}
	}
	return nil
}

// Int converts as [Reply.Int] does.
func (v Value) Int() (int64, error) {
	if v.kind == Integer || v.kind == Boolean {
		return v.num, nil
	}
	if n, ok := toInt(v.kind, v.plain()); ok {
		return n, nil
	}
	return 0, v.mismatch("integer")
}

// Float converts as [Reply.Float] does.
func (v Value) Float() (float64, error) {
	if v.kind == Integer {
		return float64(v.num), nil
	}
	if f, ok := toFloat(v.kind, v.plain()); ok {
		return f, nil
	}
	return 0, v.mismatch("double")
}

// Bool converts as [Reply.Bool] does.
func (v Value) Bool() (bool, error) {
	if (v.kind == Boolean || v.kind == Integer) && (v.num == 0 || v.num == 1) {
		return v.num == 1, nil
	}
	return false, v.mismatch("boolean")
}

// Text returns a string, or any other single value but null as its text.
func (v Value) Text() (string, error) {
	switch {
	case v.kind == Integer:
		return strconv.FormatInt(v.num, 10), nil
	case v.kind == Boolean:
		return "ft"[v.num : v.num+1], nil
	case v.kind.isText():
		return v.plain(), nil
	}
	return "", v.mismatch("string")
}

// Format returns what [Reply.Format] does: "txt" or "mkd" for a verbatim string, and "" for anything else.
func (v Value) Format() string { return format(v.kind, v.text) }

// Len returns how many elements v has: those of an array, set or push, and the keys and values of a map.
func (v Value) Len() int {
	n, _ := entered(v.text, v.header())
	return n
}

// All iterates over the elements of an array, set or push, and over the keys and values of a map in turn. It yields nothing for anything else.
func (v Value) All() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		pos := v.header().next
		for range v.Len() {
			e, next, ok := valueOf(v.text, valueAt(v.text, pos))
			if !ok || !yield(e) {
				return
			}
			pos = next
		}
	}
}

// Elems returns what All yields as a slice of the caller's own. Each element takes 32 bytes beside the bytes that v keeps.
func (v Value) Elems() []Value {
	n := v.Len()
	if n == 0 {
		return nil
	}
	elems := make([]Value, 0, n)
	for e := range v.All() {
		elems = append(elems, e)
	}
	return elems
}

// Pairs iterates over the keys and values of a map, and of an array that RESP2 answers in its place: of keys and values in turn, or of
// arrays of two. It yields nothing for anything else.
func (v Value) Pairs() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		header := v.header()
		n, nested, ok := pairsOf(v.text, header)
		if !ok {
			return
		}
		pos := header.next
		for range n {
			if nested {
				pos = valueAt(v.text, pos).next
			}
			key, next, ok := valueOf(v.text, valueAt(v.text, pos))
			if !ok {
				return
			}
			val, next, ok := valueOf(v.text, valueAt(v.text, next))
			if !ok || !yield(key, val) {
				return
			}
			pos = next
		}
	}
}

// header returns the token that an aggregate begins with, and none for anything else.
func (v Value) header() token {
	if !v.kind.isAggregate() {
		return token{}
	}
	return tokenAt(v.text, 0)
}

// plain returns the text of a single value, without the format of a verbatim string.
func (v Value) plain() string {
	if v.kind == VerbatimString {
		return v.text[min(formatPrefix, len(v.text)):]
	}
	return v.text
}

func (v Value) mismatch(want string) error {
	if err := v.Err(); err != nil {
		return err
	}
	return &TypeError{Want: want, Got: v.Kind()}
}
