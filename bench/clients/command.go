package clients

import (
	"fmt"
	"slices"
	"strconv"
)

// A Want is the form in which a caller wants a reply.
type Want int

const (
	Text    Want = iota // a string, in whatever form the client likes best: Reply.Text, or Reply.Bytes borrowed until the next call
	Into                // Reply.Bytes in memory of the caller's that is used again and again, of Command.Room bytes
	Owned               // Reply.Bytes as memory of its own
	Number              // Reply.Ints[0]
	Numbers             // Reply.Ints, from a flat array
	Nested              // Reply.Ints, from the arrays within an array, one behind the other
	Texts               // the strings of a flat array, in whatever form the client likes best: Reply.Texts, which are the caller's, or Reply.Parts borrowed until the next call
	Pairs               // of HGETALL: Reply.Pairs, a map that is the caller's
	Any                 // Reply.Any, by the library's call for replies that are not known beforehand
)

// A Command is one command with its arguments.
type Command struct {
	Name string // in capitals
	Args []string
	Keys int // of EVALSHA, how many of Args behind the SHA and their number are keys
	Want Want
	Room int // of Into
	// Nullable says that a text may be null. Who does not say so may take a null for an error or for nothing.
	Nullable bool
	// Fixed says that it will always be the same, and that to make it is not what is measured: who can keep a command ready may.
	Fixed bool
}

// Script returns the parts of an EVALSHA.
func (c *Command) Script() (sha string, keys, argv []string) {
	return c.Args[0], c.Args[2 : 2+c.Keys], c.Args[2+c.Keys:]
}

// bounds returns the two numbers behind the key of a command that asks for a part.
func (c *Command) bounds() (start, end int64) {
	start, _ = strconv.ParseInt(c.Args[1], 10, 64)
	end, _ = strconv.ParseInt(c.Args[2], 10, 64)
	return start, end
}

// EvalSHA is the call of a script.
func EvalSHA(want Want, sha string, keys []string, argv ...string) Command {
	args := append([]string{sha, fmt.Sprint(len(keys))}, keys...)
	return Command{Name: "EVALSHA", Args: append(args, argv...), Keys: len(keys), Want: want}
}

// Get is GET of a key.
func Get(key string) Command { return Command{Name: "GET", Args: []string{key}} }

// Set is SET of a key.
func Set(key, value string) Command { return Command{Name: "SET", Args: []string{key, value}} }

// Incr is INCR of a key.
func Incr(key string) Command { return Command{Name: "INCR", Args: []string{key}, Want: Number} }

// LRange is LRANGE of a whole list.
func LRange(key string) Command {
	return Command{Name: "LRANGE", Args: []string{key, "0", "-1"}, Want: Texts}
}

// HGetAll is HGETALL of a key.
func HGetAll(key string) Command { return Command{Name: "HGETALL", Args: []string{key}, Want: Pairs} }

// Ping is PING.
func Ping() Command { return Command{Name: "PING"} }

// hasInto says whether one of the commands wants its reply in memory of the caller's, for which most clients have no pipeline.
func hasInto(commands []Command) bool {
	return slices.ContainsFunc(commands, func(c Command) bool { return c.Want == Into })
}

// A Reply is what a client made of one.
type Reply struct {
	Null  bool
	Text  string
	Bytes []byte
	Ints  []int64
	Texts []string
	Parts [][]byte
	Pairs map[string]string
	Any   any // the most general type that the library has for a reply; nil: a null
}

// Mark is what a call makes of a reply, so that a wrong one is noticed without costing much: 0 for nothing, else the length and the last byte of a text, or the number.
func (r *Reply) Mark() int {
	switch {
	case len(r.Text) > 0:
		return MarkOf(r.Text)
	case len(r.Bytes) > 0:
		return MarkOf(r.Bytes)
	case len(r.Ints) > 0:
		return int(r.Ints[0])
	}
	return 0
}

// MarkOf is the mark of a text.
func MarkOf[B ~string | ~[]byte](b B) int {
	if len(b) == 0 {
		return 0
	}
	return len(b)<<8 | int(b[len(b)-1])
}

// Is says whether the reply is this text.
func (r *Reply) Is(text string) bool {
	return !r.Null && (r.Text == text || r.Text == "" && string(r.Bytes) == text)
}

// String returns the text of a reply, which is the caller's.
func (r *Reply) String() string {
	if r.Text != "" {
		return r.Text
	}
	return string(r.Bytes)
}

// List returns the strings of an array, which are the caller's.
func (r *Reply) List() []string {
	if len(r.Parts) == 0 {
		return r.Texts
	}
	list := make([]string, len(r.Parts))
	for i, part := range r.Parts {
		list[i] = string(part)
	}
	return list
}

// setNull leaves nothing of an earlier reply.
func (r *Reply) setNull() {
	r.Null, r.Text, r.Bytes, r.Ints, r.Texts, r.Parts, r.Pairs, r.Any = true, "", r.Bytes[:0], r.Ints[:0], nil, r.Parts[:0], nil, nil
}

// setText stores a text.
func (r *Reply) setText(text string) { r.Null, r.Text = false, text }

// setBytes stores a text that is bytes.
func (r *Reply) setBytes(b []byte) { r.Null, r.Bytes = false, b }

// setInt stores a number.
func (r *Reply) setInt(n int64) { r.Null, r.Ints = false, append(r.Ints[:0], n) }

// setTexts stores the strings of an array.
func (r *Reply) setTexts(texts []string) { r.Null, r.Texts = false, texts }

// setPairs stores a map.
func (r *Reply) setPairs(pairs map[string]string) { r.Null, r.Pairs = false, pairs }

// setAny stores whatever a library made of a reply that was wanted as Any.
func (r *Reply) setAny(v any) { r.Null, r.Any = v == nil, v }

// addInts appends the numbers of an array, nested or not.
func addInts(dst []int64, v any) []int64 {
	switch v := v.(type) {
	case int64:
		return append(dst, v)
	case []any:
		for _, element := range v {
			dst = addInts(dst, element)
		}
	}
	return dst
}
