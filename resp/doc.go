// Package resp is the wire protocol of Redis and Valkey, RESP2 and RESP3, without any I/O.
//
// It turns commands into bytes and bytes into values, in two steps that cannot disturb each other:
//
//   - A [Scanner] finds where the first complete reply ends in a growing buffer. It is bounded in bytes, in
//     depth and in elements, and it validates everything a later step will look at.
//   - A [Reply] is a cursor over those bytes, the reply's frame. Its methods convert, and the first error
//     sticks until the next [Reply.Reset].
//
// Because a frame is consumed whole or not at all, a mistake while decoding can never put the stream out of
// step with its requests. A [Value] is a reply as an owned tree, where the shape is not known beforehand; a
// [Request] builds commands; the Append functions and [Reply.Args] are what a server needs of the protocol.
//
// # Vocabulary
//
// A request is one or more commands encoded as bytes, with the number of replies they owe. A frame is the
// bytes of one complete reply. A reply is a cursor over a frame. A push is a frame the server sends unasked. An attribute is what a server adds to the value behind it; it is
// skipped unless [Reply.Attributes] asks. A streamed value is one whose length its header does not tell ($?, *?, %?, ~?): no
// released server sends any, and they read as the others do.
//
// # RESP2 and RESP3
//
// The types read the same through [Reply], and so through [Value]:
//
//	asked for       RESP3                   RESP2
//	Pairs, Pair     map, array of pairs     array of keys and values in turn, array of pairs
//	Array           array, set, push, map   array
//	Float           double                  bulk string
//	Bool            boolean                 integer 0 or 1
//	Null            null                    null bulk string, null array
//	Bytes, Text     verbatim, big number    bulk string
//	ErrorReply      error, bulk error       error
//
// # Ownership
//
// Bytes that a method returns are borrowed unless the caller passed them in: those of a [Reply] live as long as
// the frame (inside a [Handler], until HandleReply returns), those of a [Request] until its next method call. Bytes
// that are passed in are copied before the call returns. Text and Value return copies.
//
// # Limits
//
// One reply may take [DefaultMaxFrame] bytes and [DefaultMaxDepth] levels unless the Scanner says otherwise. Nothing is ever allocated from a
// length that a server declared: memory follows the bytes that came. Scanning takes a few bytes for each level, a [Value] no more than one copy of
// its bytes, and nothing recurses. So a reply costs no more than twice its bytes, they included, and 64 KiB, whoever sent it. What each hostile
// reply is answered with, here and by other clients, is in docs/hostile.md.
//
// What is refused is a [SyntaxError] with its offset and the beginning of the offending line. The Scanner is strict: a length has no sign
// and no padding, a line ends in CRLF and holds neither CR nor LF, an integer fits 64 bits, a double is decimal, and only bulk strings and arrays have a
// null of their own.
//
// # Allocations
//
// A Request that is reused, scanning, and every method of a Reply that returns no copy allocate nothing.
//
// The exceptions are a streamed string of several chunks, which must be put together, and a number of more than 32 bytes, or beyond a float64, where
// Float is asked for it.
//
// # What is refused although servers send it
//
// A push inside another reply. All servers put one into the array that EXEC answers when there was a SUBSCRIBE in the transaction, as one of its elements;
// Redis 6.0 could also put an invalidation into any array, where it is none (redis/redis#8935). To guess which it is would sooner or later hand
// replies to the wrong callers.
//
// None of the types is safe for concurrent use, but Value, which is immutable.
package resp
