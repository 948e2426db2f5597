// Package sentinel finds out which server is the master, or a replica of it, by asking Redis Sentinel.
//
// A [Resolver] is not a client: it turns the name of a master into an address, and [Resolver.Dial] into the dial function that a pool needs.
//
//	resolver, err := sentinel.New(sentinel.Config{Addrs: addrs, Master: "mymaster", Dialer: &sentinelDialer})
//	…
//	p, err := pool.New(pool.Config{Dial: resolver.Dial(&redisDialer, sentinel.Master)})
//
// All sentinels are asked at once and the first good answer counts, so that one that is dead or slow costs nothing. What they answer is verified: a server that was
// dialled as the master must say of itself that it is (ROLE), because a sentinel may not yet know better.
package sentinel
