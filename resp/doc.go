// Package resp is the wire protocol of Redis and Valkey, RESP2 and RESP3, without any I/O.
//
// It turns commands into bytes and bytes into values, in two steps that cannot disturb each other:
//
//   - A [Scanner] finds where the first complete reply ends in a growing buffer. It is bounded in bytes and
//     in depth, and it validates everything a later step will look at.
//   - A [Reply] is a cursor over those bytes, the reply's frame. Its methods convert, and the first error
//     sticks until the next [Reply.Reset].
//
// Because a frame is consumed whole or not at all, a mistake while decoding can never put the stream out of
// step with its requests.
//
// # Vocabulary
//
// A request is one or more commands encoded as bytes, with the number of replies they owe. A frame is the
// bytes of one complete reply. A reply is a cursor over a frame. A push is a frame the server sends unasked; it is
// never inside another reply, nor behind an attribute.
//
// # RESP2 and RESP3
//
// The types read the same through [Reply]: a RESP3 map is also an array of twice as many elements and a RESP2
// array of even length is also a map; a double, an integer and a boolean are also strings; all three spellings
// of null are one. Attributes are skipped. A command whose reply has another shape in RESP3 (ZRANGE WITHSCORES nests its
// pairs there) keeps it.
//
// # Ownership
//
// Bytes that a method returns are borrowed unless the caller passed them in: those of a [Reply] live as long as
// the frame (inside a [Handler], until HandleReply returns), those of a [Request] until its next method call. Bytes
// that are passed in are copied before the call returns.
//
// # Limits
//
// One reply may take [DefaultMaxFrame] bytes and [DefaultMaxDepth] levels unless the Scanner says otherwise.
// Nothing is ever allocated from a length that a server declared before the bytes it speaks of have come. The streamed forms of RESP3 ($?, *?, %?, ~?), which no
// released server sends, are refused with a [SyntaxError].
//
// None of the types is safe for concurrent use.
package resp
