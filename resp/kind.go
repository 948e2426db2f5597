package resp

// Kind is the type of a reply: the wire's own first byte (RESP3 specification, "Types").
type Kind byte

// The kinds of RESP2 and RESP3. [SimpleString] to [Array] are RESP2, the others came with RESP3.
const (
	SimpleString   Kind = '+'
	SimpleError    Kind = '-'
	Integer        Kind = ':'
	BulkString     Kind = '$'
	Array          Kind = '*'
	Null           Kind = '_' // also what $-1 and *-1 read as
	Boolean        Kind = '#'
	Double         Kind = ','
	BigNumber      Kind = '('
	BulkError      Kind = '!'
	VerbatimString Kind = '='
	Map            Kind = '%'
	Set            Kind = '~'
	Attribute      Kind = '|'
	Push           Kind = '>'
)

// String returns the name that the protocol's documentation uses, such as "bulk string".
func (k Kind) String() string {
	switch k {
	case SimpleString:
		return "simple string"
	case SimpleError:
		return "simple error"
	case Integer:
		return "integer"
	case BulkString:
		return "bulk string"
	case Array:
		return "array"
	case Null:
		return "null"
	case Boolean:
		return "boolean"
	case Double:
		return "double"
	case BigNumber:
		return "big number"
	case BulkError:
		return "bulk error"
	case VerbatimString:
		return "verbatim string"
	case Map:
		return "map"
	case Set:
		return "set"
	case Attribute:
		return "attribute"
	case Push:
		return "push"
	case chunk:
		return "chunk of a string"
	case streamEnd:
		return "end of a stream"
	case 0:
		return "nothing"
	}
	return "unknown type"
}

// isError reports whether k is one of the two error replies.
func (k Kind) isError() bool { return k == SimpleError || k == BulkError }

// isAggregate reports whether a value of kind k holds other values.
func (k Kind) isAggregate() bool {
	return k == Array || k == Map || k == Set || k == Push || k == Attribute
}

// valuesPerCount returns how many values one of the count of an aggregate stands for.
func (k Kind) valuesPerCount() int {
	if k == Map || k == Attribute {
		return 2
	}
	return 1
}

// canStream reports whether a value of kind k may be sent in pieces of an unknown number (RESP3 specification, "Streamed strings" and
// "Streamed aggregated data types").
func (k Kind) canStream() bool {
	return k == BulkString || k == Array || k == Map || k == Set
}

// isNumeric reports whether the line of a value of kind k is a number: its own, a length or a count.
func (k Kind) isNumeric() bool {
	switch k {
	case Integer, Double, BigNumber, BulkString, BulkError, VerbatimString, chunk:
		return true
	}
	return k.isAggregate()
}
