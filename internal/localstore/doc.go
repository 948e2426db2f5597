// Package localstore is the embedded store: a bounded, in-memory twin of a server that one process uses when it has none. It
// answers encoded requests behind the same RoundTrip as a connection does, so that its callers need not know which one they have.
//
// # What is as on a server
//
// The commands of the table in table.go, with the semantics, reply types (RESP3) and error texts of Redis 7: integers are whole
// decimals without padding, a key lives until the millisecond after its deadline, TTL rounds to the nearest second, SET clears a
// deadline and INCR keeps it. Values are strings, lists, hashes and sorted sets. INCRBYFLOAT and HINCRBYFLOAT are exact to the last digit,
// with the 64 bits of mantissa that a long double has on x86; on other processors servers may differ in the last digits.
//
// # What is not
//
//   - There is no connection state. HELLO always answers protocol 3, and there is one database, number 0.
//   - Scripts are Go functions, see [Store.Register]. There is no Lua.
//   - There are no sets, streams and bitmaps, no BYLEX, and nothing that blocks.
//   - A write is refused with OOM when its own result would not fit in [Config].MaxBytes, where a server refuses every write that
//     could allocate once it is over its limit. As there, a script is refused at its first write: what it writes after that may go beyond the limit, here by
//     a sixty-fourth. Where that does not suffice either, the writes before the refused one stay.
//   - SCAN looks at no more than 4096 keys in one call whatever COUNT says, and its cursor passes keys from the newest to the oldest.
//     The same is true of HSCAN and ZSCAN where there are more than 128 elements; up to that they return all at once.
//   - HGETALL, HKEYS and HVALS return fields in the order in which they were added, whatever their number.
//   - A score of -0 becomes 0, as on a server in a small sorted set. Doubles are written with as many digits as they need, which servers do from Redis 7.2 on.
//   - DBSIZE does not count keys whose time is over.
//   - A command is refused with ERR when the replies before it in the same request already take 128 MiB.
//   - WAIT answers 0 at once, as there are no replicas; a server without replicas does so when the timeout has passed.
//   - An unknown command is refused without an echo of its arguments.
//
// # Memory and time
//
// Nothing runs in the background. A key whose time is over is dropped when it is looked at, and every write drops as many dead
// keys as it has arguments, which is more than it can create; so dead keys cannot pile up while there are writes, and
// what they take is given back before a write is refused.
//
// Nothing that is alive is evicted, unless [Config].Evict is set: then a write that does not fit takes the place of entries that have a
// deadline, the nearest first (volatile-ttl; exactly, where a server takes samples). It never takes the place of what the same command
// reads or changes, nor of the KEYS of a script. Where even that would not make enough room, or nothing has a deadline, the write is refused and nothing has gone.
package localstore
