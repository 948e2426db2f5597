// Package bwhttp gives handlers the session of the visitor who is asking: the one that BunkerWeb's nodes, in front of the service, opened for the same cookie.
//
//	sessions, err := state.VisitorSessions(settings)
//	…
//	visitors := &bwhttp.Visitors{Sessions: sessions, IP: bwhttp.RealIP(netip.MustParsePrefix("10.0.0.0/8"))}
//	http.Handle("/", visitors.Handler(next))
//
// A handler finds the session with [Session], and changes it; what it changed is saved before the first byte of the answer leaves. See [Visitors] for what becomes
// of visitors without a session, with that of another, and of a server that is away.
//
// [RateLimit] puts limits in front of handlers.
//
// It is a package of its own so that package bwstate does without net/http.
package bwhttp
