package resp

import (
	"slices"
	"strings"
)

// emptyChunk ends a streamed string.
const emptyChunk = ";0\r\n"

// streamedString returns where a streamed string ends; ok is false when t is the token of anything else.
func streamedString[B bytestring](b B, t token) (next int, ok bool) {
	if t.kind != BulkString || !t.streamed {
		return 0, false
	}
	return skipStream(b, t.next)
}

// chunksSize returns how many bytes the text of a streamed string has whose header ends at pos.
func chunksSize[B bytestring](b B, pos int) (size int) {
	for t := tokenAt(b, pos); t.kind == chunk && t.from < t.to; t = tokenAt(b, t.next) {
		size += t.to - t.from
	}
	return size
}

// appendChunks appends the text of a streamed string whose header ends at pos.
func appendChunks[B bytestring](dst []byte, b B, pos int) []byte {
	dst = slices.Grow(dst, chunksSize(b, pos))
	for t := tokenAt(b, pos); t.kind == chunk && t.from < t.to; t = tokenAt(b, t.next) {
		dst = append(dst, b[t.from:t.to]...)
	}
	return dst
}

// chunksText returns the text of a streamed string whose header ends at pos as a string. From a string, that of a single chunk is a part of it.
func chunksText[B bytestring](b B, pos int) string {
	size := chunksSize(b, pos)
	if first := tokenAt(b, pos); first.to-first.from == size {
		return string(b[first.from:first.to])
	}
	var text strings.Builder
	text.Grow(size)
	for t := tokenAt(b, pos); t.kind == chunk && t.from < t.to; t = tokenAt(b, t.next) {
		text.Write([]byte(b[t.from:t.to]))
	}
	return text.String()
}

// skipStream returns where a streamed value ends whose header ends at pos. Whatever is inside, each token either opens a stream, ends
// the innermost one, or does not matter.
func skipStream[B bytestring](b B, pos int) (next int, ok bool) {
	for open := 1; open > 0; {
		t := tokenAt(b, pos)
		switch {
		case t.kind == 0:
			return 0, false
		case t.streamed:
			open++
		case t.kind == streamEnd, t.kind == chunk && t.from == t.to:
			open--
		}
		pos = t.next
	}
	return pos, true
}

// countStream returns how many values a streamed aggregate holds whose header ends at pos.
func countStream[B bytestring](b B, pos int) (n int, ok bool) {
	for ; tokenAt(b, pos).kind != streamEnd; n++ {
		if pos, ok = skip(b, pos, 1); !ok {
			return 0, false
		}
	}
	return n, true
}
