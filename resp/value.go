package resp

import (
	"iter"
	"strconv"
	"strings"
)

// maxValueDepth bounds the recursion of [Reply.Value] whatever depth a Scanner was told to accept.
const maxValueDepth = 10_000

// A Value is a reply as an owned tree, for ad-hoc use where the shape is not known beforehand. The zero Value is null. Values are
// immutable and may be shared.
type Value struct {
	kind  Kind
	num   int64  // Integer, Boolean
	text  string // every other single value, as on the wire
	elems []Value
}

// Value copies the next value, with all it holds, and moves past it. Error replies become values too.
func (r *Reply) Value() Value {
	r.peek() // past attributes
	start := r.pos
	// A first walk shows that the counts are true, so that what is allocated by them is bounded by the bytes of the frame.
	if r.Raw() == nil {
		return Value{}
	}
	r.pos = start
	v := r.value(0)
	if r.err != nil {
		r.pos = start
	}
	return v
}

func (r *Reply) value(depth int) Value {
	k, text, next := r.peek()
	switch k {
	case 0:
		r.want("value")
		return Value{}
	case Null:
		r.pos = next
		return Value{}
	case Integer, Boolean:
		r.pos = next
		return Value{kind: k, num: integer(k, text)}
	}
	if !k.isAggregate() {
		r.pos = next
		return Value{kind: k, text: string(text)}
	}
	n, ok := r.count(k, text, next)
	if !ok || depth >= maxValueDepth {
		r.want("value of bounded depth")
		return Value{}
	}
	r.pos = next
	v := Value{kind: k, elems: make([]Value, 0, n)}
	for range n {
		e := r.value(depth + 1)
		if r.err != nil {
			return Value{}
		}
		v.elems = append(v.elems, e)
	}
	return v
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
	switch v.kind {
	case Integer, Boolean:
		return v.num, nil
	case BulkString, SimpleString, BigNumber, VerbatimString, Double:
		if n, ok := parseInt([]byte(v.text)); ok {
			return n, nil
		}
	}
	return 0, v.mismatch("integer")
}

// Float converts as [Reply.Float] does.
func (v Value) Float() (float64, error) {
	switch v.kind {
	case Integer:
		return float64(v.num), nil
	case Double, BulkString, SimpleString, BigNumber, VerbatimString:
		if f, ok := parseFloat([]byte(v.text)); ok {
			return f, nil
		}
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
	switch v.kind {
	case Integer:
		return strconv.FormatInt(v.num, 10), nil
	case Boolean:
		return "ft"[v.num : v.num+1], nil
	case SimpleString, BulkString, VerbatimString, Double, BigNumber:
		return v.text, nil
	}
	return "", v.mismatch("string")
}

// Elems returns the elements of an array, set or push, the keys and values of a map in turn, and nil for anything else. The slice
// belongs to v and must not be changed.
func (v Value) Elems() []Value { return v.elems }

// Pairs iterates over the keys and values of a map, or of an array of even length as RESP2 answers. It yields nothing for anything else.
func (v Value) Pairs() iter.Seq2[Value, Value] {
	return func(yield func(Value, Value) bool) {
		if (v.kind != Map && v.kind != Array) || len(v.elems)%2 != 0 {
			return
		}
		for i := 0; i < len(v.elems); i += 2 {
			if !yield(v.elems[i], v.elems[i+1]) {
				return
			}
		}
	}
}

// String shows v to a person, on one line: strings quoted but for plain simple strings, arrays in [ ], sets and maps in { }. Error
// replies are shown as [Error.Error] does.
func (v Value) String() string {
	var b strings.Builder
	v.write(&b)
	return b.String()
}

// GoString keeps %#v from showing what String hides.
func (v Value) GoString() string { return "resp.Value{" + v.String() + "}" }

func (v Value) write(b *strings.Builder) {
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
	case v.kind.isAggregate():
		v.writeElems(b)
	default:
		b.WriteString(strconv.Quote(v.text))
	}
}

func (v Value) writeElems(b *strings.Builder) {
	brackets := "[]"
	if v.kind == Map || v.kind == Set {
		brackets = "{}"
	}
	b.WriteByte(brackets[0])
	for i, e := range v.elems {
		switch {
		case i > 0 && v.kind == Map && i%2 == 1:
			b.WriteString(": ")
		case i > 0:
			b.WriteString(", ")
		}
		e.write(b)
	}
	b.WriteByte(brackets[1])
}

// isPlain reports whether text needs no quotes.
func isPlain(text string) bool { return strconv.Quote(text) == `"`+text+`"` }

func (v Value) mismatch(want string) error {
	if err := v.Err(); err != nil {
		return err
	}
	return &TypeError{Want: want, Got: v.Kind()}
}
