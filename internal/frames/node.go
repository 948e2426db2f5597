package frames

import (
	"math/big"
	"strconv"
	"strings"
)

// A Node is a value as a tree, the plainest form there is.
type Node struct {
	Kind   byte   // the wire's own first byte; '_' for every null
	Text   string // of a single value: as on the wire; streamed strings are put together
	Format string // of a verbatim string
	Elems  []Node // of an aggregate; of a map, keys and values in turn
	Attrs  []Node // the attributes before it, keys and values in turn
}

// Null is what every spelling of null stands for.
var Null = Node{Kind: '_'}

// Bulk returns a bulk string.
func Bulk(text string) Node { return Node{Kind: '$', Text: text} }

// Int returns an integer, written as it may be.
func Int(text string) Node { return Node{Kind: ':', Text: text} }

// One returns any other single value.
func One(kind byte, text string) Node { return Node{Kind: kind, Text: text} }

// Agg returns an aggregate.
func Agg(kind byte, elems ...Node) Node { return Node{Kind: kind, Elems: elems} }

// Verbatim returns a verbatim string.
func Verbatim(format, text string) Node { return Node{Kind: '=', Format: format, Text: text} }

// With returns n with attributes before it.
func (n Node) With(attrs ...Node) Node {
	n.Attrs = attrs
	return n
}

// Bare returns n without attributes, and so are all nodes inside it.
func (n Node) Bare() Node {
	elems := n.Elems
	n.Attrs, n.Elems = nil, nil
	for _, e := range elems {
		n.Elems = append(n.Elems, e.Bare())
	}
	return n
}

// Number returns what the digits of an integer say.
func (n Node) Number() int64 {
	var b big.Int
	b.SetString(n.Text, 10)
	return b.Int64()
}

// Encode writes n as a server does, in RESP2 or RESP3. What RESP2 does not have becomes what servers send instead: an array, a bulk
// string, an integer; attributes are left out.
func (n Node) Encode(protocol int) string {
	var b strings.Builder
	n.encode(&b, protocol)
	return b.String()
}

func (n Node) encode(b *strings.Builder, protocol int) {
	if len(n.Attrs) > 0 && protocol >= 3 {
		b.WriteString("|" + strconv.Itoa(len(n.Attrs)/2) + "\r\n")
		for _, a := range n.Attrs {
			a.encode(b, protocol)
		}
	}
	kind, text := n.Kind, n.Text
	if protocol < 3 {
		if kind == '_' {
			b.WriteString("$-1\r\n")
			return
		}
		kind, text = inRESP2(kind, text)
	}
	count := len(n.Elems)
	switch kind {
	case '*', '~', '>', '%':
		if kind == '%' {
			count /= 2
		}
		b.WriteString(string(kind) + strconv.Itoa(count) + "\r\n")
		for _, e := range n.Elems {
			e.encode(b, protocol)
		}
		return
	case '=':
		text = n.Format + ":" + text
	}
	if strings.IndexByte("$!=", kind) >= 0 {
		b.WriteString(string(kind) + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n")
		return
	}
	b.WriteString(string(kind) + text + "\r\n")
}

// inRESP2 returns what a RESP2 server sends in place of a value that only RESP3 has.
func inRESP2(kind byte, text string) (byte, string) {
	switch kind {
	case '%', '~', '>':
		return '*', ""
	case '=', ',', '(':
		return '$', text
	case '#':
		return ':', map[string]string{"t": "1", "f": "0"}[text]
	case '!':
		return '-', strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
	}
	return kind, text
}
