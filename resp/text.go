package resp

// What the conversions of [Reply] and [Value] have in common: which kinds a value may be of, as RESP2 and RESP3 write the same thing.

// isText reports whether a value of kind k has a text that is not an error's.
func (k Kind) isText() bool {
	switch k {
	case BulkString, SimpleString, VerbatimString, Integer, Double, BigNumber, Boolean:
		return true
	}
	return false
}

func toInt[B bytestring](k Kind, text B) (int64, bool) {
	switch k {
	case Integer, BulkString, SimpleString, BigNumber, VerbatimString, Double:
		return parseInt(text)
	case Boolean:
		return int64(truth(text)), true
	}
	return 0, false
}

func toFloat[B bytestring](k Kind, text B) (float64, bool) {
	if k == Boolean || !k.isText() {
		return 0, false
	}
	return parseFloat(text)
}

func toBool[B bytestring](k Kind, text B) (b, ok bool) {
	if k != Boolean && k != Integer {
		return false, false
	}
	n, ok := toInt(k, text)
	return n == 1, ok && (n == 0 || n == 1)
}

// truth returns what the text of a boolean stands for.
func truth[B bytestring](text B) int {
	if string(text) == "t" {
		return 1
	}
	return 0
}

const formatPrefix = len("txt:")

// formatLen returns how much of a verbatim string's text is its format.
func formatLen(t token) int { return min(formatPrefix, t.to-t.from) }

// format returns the format of a verbatim string, without allocating for those that exist.
func format[B bytestring](k Kind, text B) string {
	if k != VerbatimString || len(text) < formatPrefix {
		return ""
	}
	switch string(text[:formatPrefix]) {
	case "txt:":
		return "txt"
	case "mkd:":
		return "mkd"
	}
	return string(text[:formatPrefix-1])
}
