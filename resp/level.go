package resp

// A level is what a Scanner still expects inside one aggregate or streamed string: a number of values, or one of the states below.
type level int

// The states of a level that goes on until its end comes.
const (
	streamElems  level = -1 - iota // a value or the end
	streamKey                      // a key of a map, or the end
	streamVal                      // the value behind a key
	streamElem                     // a value: an attribute was announced for one
	streamKeyDue                   // a key: an attribute was announced for one
	streamChunks                   // a chunk of a string
)

// streamLevel returns the level that begins behind the header of a streamed value.
func streamLevel(k Kind) level {
	switch k {
	case BulkString:
		return streamChunks
	case Map:
		return streamKey
	}
	return streamElems
}

// took returns what is expected behind a value.
func (l level) took() level {
	switch l {
	case streamElem:
		return streamElems
	case streamKey, streamKeyDue:
		return streamVal
	case streamVal:
		return streamKey
	case streamElems, streamChunks:
		return l
	}
	return l - 1
}

// announced returns what is expected behind an attribute, which belongs to the value that must follow.
func (l level) announced() level {
	switch l {
	case streamElems:
		return streamElem
	case streamKey:
		return streamKeyDue
	}
	return l
}

// mayEnd reports whether the end of a streamed aggregate may come.
func (l level) mayEnd() bool { return l == streamElems || l == streamKey }
