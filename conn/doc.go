// Package conn is one connection to a Redis or Valkey server, shared by any number of callers.
//
// [Dialer.Dial] connects, secures, authenticates and selects; [Conn.RoundTrip] sends a request and hands its replies to a
// handler; [Conn.Do] does both for one ad-hoc command.
//
// # Callers take turns
//
// A Conn starts no goroutine. Callers queue; whoever finds nobody writing writes everything that is pending, and the first in the
// queue reads, serves those behind it whose replies came along, and hands the lead on. A lone caller pays nothing for this, many
// callers get pipelining without asking for it.
//
// # Two clocks
//
// A context is its caller's patience: when it ends, that caller returns at once, its reply is dropped when it comes, and the connection
// and everybody else on it go on. [Dialer.Timeout] is the connection's health: when the oldest reply that is owed is
// older than that, the connection is dead and everybody on it is told so. Only a write that is cut off, because the server takes no more bytes, kills
// a connection on behalf of a context: the rest of the command could never follow.
//
// # Errors
//
// An [*Error] says which phase failed and whether anything may have reached the server. A *resp.Error is the server's own no, and leaves
// the connection fine, as does an error that a handler returns. A connection that is dead stays dead: [Conn.Err] tells.
//
// # Scripts
//
// A [resp.Script] in a request goes out as EVALSHA. Where the server does not know it, because it was restarted, is another one by now, or somebody said SCRIPT
// FLUSH, the connection sends the text itself, inside of pipelines too: [Conn.RoundTrip].
//
// # Pushes, publish and subscribe
//
// Frames that nobody asked for go to [Dialer.OnPush], on the goroutine of whoever reads just then, and to [Conn.NextPush], which waits for them without keeping
// others from working: invalidations of CLIENT TRACKING, for example. [Subscribe] makes a [Subscription], which reads messages over a connection of its own, with
// RESP2 and RESP3 alike, and survives the loss of it: then [Subscription.Next] says from when to when something may have been missed.
//
// # Looking on
//
// A [Trace] is told of every dial, handshake, request, push and end of a connection, never of an argument or a reply. Without one nothing is paid.
//
// # Memory
//
// Buffers grow with what arrived, never with what was announced, and shrink again: an idle connection keeps at most 32 KiB to read into. They double, so that for a
// moment a reply that is read and copied takes up to three times its bytes; [Dialer.MaxReply] bounds them. What a large reply has needed is left to the
// next one, of any connection, until the garbage collector comes for it.
//
// # What must not share a connection
//
// Commands that change the connection for everybody (SELECT, AUTH, HELLO 2, RESET, MULTI outside one request, WATCH) and those that hold
// the reply back (BLPOP) need a connection of their own. MULTI to EXEC inside one request is fine: its commands are contiguous on the wire. Commands
// after which nobody could tell replies apart are refused before anything is sent: the SUBSCRIBE family where [Dialer.PubSub] is not set, MONITOR, SYNC, PSYNC,
// CLIENT REPLY.
package conn
