package resp

// The functions of this file are the server's half of the codec: fake servers and the embedded store answer with them. Requests are
// read with a [Scanner] and a [Reply], for a request is an array of bulk strings.

// AppendSimple appends a simple string such as OK. s must hold neither CR nor LF.
func AppendSimple(dst []byte, s string) []byte { return appendLine(dst, SimpleString, s) }

// AppendError appends an error reply. msg begins with its code, as in "ERR unknown command", and must hold neither CR nor LF.
func AppendError(dst []byte, msg string) []byte { return appendLine(dst, SimpleError, msg) }

// AppendInt appends an integer.
func AppendInt(dst []byte, n int64) []byte {
	return append(formatInt(append(dst, byte(Integer)), n), '\r', '\n')
}

// AppendBulk appends a bulk string.
func AppendBulk(dst []byte, s string) []byte {
	return append(append(appendHeader(dst, byte(BulkString), len(s)), s...), '\r', '\n')
}

// AppendNull appends a null as RESP3 writes it, or as a RESP2 bulk string.
func AppendNull(dst []byte, protocol int) []byte {
	if protocol >= 3 {
		return append(dst, "_\r\n"...)
	}
	return append(dst, "$-1\r\n"...)
}

// AppendAggregate appends the header of an aggregate of n elements (of n pairs, for a map); the elements follow.
func AppendAggregate(dst []byte, k Kind, n int) []byte { return appendHeader(dst, byte(k), n) }

func appendLine(dst []byte, k Kind, s string) []byte {
	return append(append(append(dst, byte(k)), s...), '\r', '\n')
}

func appendHeader(dst []byte, kind byte, n int) []byte {
	return append(formatInt(append(dst, kind), int64(n)), '\r', '\n')
}
