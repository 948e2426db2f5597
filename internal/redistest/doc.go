// Package redistest holds what the tests of the other packages talk to: a fake server, an in-memory connection that works under
// testing/synctest, injected faults, and test certificates.
//
//	client, server := redistest.Pipe()
//	go redistest.Serve(server, redistest.Redis(redistest.Options{}))
//
// A [Handler] answers one command. [Redis] answers as a server does, [Override] replaces single commands of another handler, [Scripted] knows
// beforehand what will come, and [NewServer] serves a handler on a TCP port. [Faulty] breaks one connection on purpose, a [Proxy] all that
// pass through it, on TCP or in memory.
//
// A [Set] is a master with its replicas and the sentinels that watch it, on a network of its own in memory. Sentinels notice what is out of reach,
// fail over and announce that as real ones do, unless the test makes one of them lie, lag, forget or fall silent:
//
//	set := redistest.NewSet(t, redistest.SetConfig{})
//	dialer := &conn.Dialer{DialContext: set.DialContext} // to set.SentinelAddrs()
//	set.Sentinels[1].Stale()
//	set.Nodes[0].Freeze() // two seconds later, set.Master() is set.Nodes[1]
//
// The fake never defines the truth: what it says was taken from real servers and belongs to be checked against them.
package redistest
