package resp

// The functions of this file are the server's half of the codec: fake servers and the embedded store answer with them. Requests are
// read with a [Scanner] and a [Reply], for a request is an array of bulk strings.
//
// Where RESP2 has no such type, protocol 2 writes what servers answer instead.

// AppendSimple appends a simple string such as OK, with spaces in place of CR and LF.
func AppendSimple(dst []byte, s string) []byte { return appendOneLine(dst, SimpleString, s) }

// AppendError appends an error reply, with spaces in place of CR and LF, as servers do. msg begins with its code, as in "ERR unknown command".
func AppendError(dst []byte, msg string) []byte { return appendOneLine(dst, SimpleError, msg) }

// AppendBulkError appends an error that may hold any bytes; in RESP2 what [AppendError] does.
func AppendBulkError(dst []byte, msg string, protocol int) []byte {
	if protocol >= 3 {
		return appendString(dst, BulkError, msg)
	}
	return AppendError(dst, msg)
}

// AppendInt appends an integer.
func AppendInt(dst []byte, n int64) []byte {
	return append(formatInt(append(dst, byte(Integer)), n), '\r', '\n')
}

// AppendBulk appends a bulk string.
func AppendBulk[S ~string | ~[]byte](dst []byte, s S) []byte { return appendString(dst, BulkString, s) }

// AppendNull appends a null as RESP3 writes it, or as a RESP2 bulk string.
func AppendNull(dst []byte, protocol int) []byte {
	if protocol >= 3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, "$-1\r\n"...)
}

// AppendNullArray appends a null as RESP3 writes it, or as a RESP2 array: what BLPOP answers in vain, and EXEC when it is aborted.
func AppendNullArray(dst []byte, protocol int) []byte {
	if protocol >= 3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, "*-1\r\n"...)
}

// AppendBool appends a boolean; in RESP2 an integer, 1 or 0.
func AppendBool(dst []byte, b bool, protocol int) []byte {
	switch {
	case b && protocol >= 3:
		return append(dst, "#t\r\n"...)
	case protocol >= 3:
		return append(dst, "#f\r\n"...)
	case b:
		return append(dst, ":1\r\n"...)
	}
	return append(dst, ":0\r\n"...)
}

// AppendDouble appends a double; in RESP2 a bulk string.
func AppendDouble(dst []byte, f float64, protocol int) []byte {
	var scratch [32]byte
	digits := formatFloat(scratch[:0], f)
	if protocol >= 3 {
		return appendLine(dst, Double, digits)
	}
	return AppendBulk(dst, digits)
}

// AppendBigNumber appends an integer of any size; in RESP2 a bulk string. digits is decimal, with or without a sign.
func AppendBigNumber(dst []byte, digits string, protocol int) []byte {
	if protocol >= 3 {
		return appendLine(dst, BigNumber, digits)
	}
	return AppendBulk(dst, digits)
}

// AppendVerbatim appends a string with its format, "txt" or "mkd"; in RESP2 a bulk string without it. A format that is not three bytes long
// panics.
func AppendVerbatim(dst []byte, format, text string, protocol int) []byte {
	if len(format)+len(":") != formatPrefix {
		panic("resp: the format of a verbatim string has three bytes")
	}
	if protocol < 3 {
		return AppendBulk(dst, text)
	}
	dst = appendHeader(dst, VerbatimString, formatPrefix+len(text))
	dst = append(append(append(dst, format...), ':'), text...)
	return append(dst, '\r', '\n')
}

// AppendAggregate appends the header of an aggregate of n elements (of n pairs, for a map or an attribute); the elements follow. In RESP2
// every aggregate is an array. It has no attributes: to write one in RESP2 panics.
func AppendAggregate(dst []byte, k Kind, n, protocol int) []byte {
	if protocol >= 3 {
		return appendHeader(dst, k, n)
	}
	if k == Attribute {
		panic("resp: RESP2 has no attributes")
	}
	return appendHeader(dst, Array, n*k.valuesPerCount())
}

// AppendStream appends the header of a string (BulkString), array, map or set of RESP3 that goes on until [AppendStreamEnd]: a string with
// what [AppendChunk] appends, the others with values.
func AppendStream(dst []byte, k Kind) []byte { return append(dst, byte(k), '?', '\r', '\n') }

// AppendChunk appends a part of a streamed string. An empty part is left out, for it would be the end.
func AppendChunk[S ~string | ~[]byte](dst []byte, s S) []byte {
	if len(s) == 0 {
		return dst
	}
	return appendString(dst, chunk, s)
}

// AppendStreamEnd appends the end of what [AppendStream] began.
func AppendStreamEnd(dst []byte, k Kind) []byte {
	if k == BulkString {
		return append(dst, emptyChunk...)
	}
	return append(dst, byte(streamEnd), '\r', '\n')
}

// appendOneLine appends a line that must not break off.
func appendOneLine(dst []byte, k Kind, line string) []byte {
	from := len(dst)
	dst = appendLine(dst, k, line)
	for i := from; i < len(dst)-2; i++ {
		if dst[i] == '\r' || dst[i] == '\n' {
			dst[i] = ' '
		}
	}
	return dst
}

func appendLine[B bytestring](dst []byte, k Kind, line B) []byte {
	return append(append(append(dst, byte(k)), line...), '\r', '\n')
}

// appendString appends a string with its length before it.
func appendString[B bytestring](dst []byte, k Kind, s B) []byte {
	return append(append(appendHeader(dst, k, len(s)), s...), '\r', '\n')
}

// appendHeader appends a length or a count. Most have one digit or two.
func appendHeader(dst []byte, k Kind, n int) []byte {
	switch {
	case uint(n) < 10:
		return append(dst, byte(k), '0'+byte(n), '\r', '\n')
	case uint(n) < 100:
		return append(dst, byte(k), '0'+byte(n/10), '0'+byte(n%10), '\r', '\n')
	}
	return append(formatInt(append(dst, byte(k)), int64(n)), '\r', '\n')
}
