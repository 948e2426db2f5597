// Package sentinel finds out which server is the master, or a replica of it, by asking Redis Sentinel, and follows failovers.
//
// A [Resolver] is not a client: it turns the name of a master into an address, and [Resolver.Dial] into the dial function that a pool needs.
// [Resolver.Watch] hears of failovers as they begin, and [Resolver.Gate] holds writes back until the new master is there.
//
//	resolver, err := sentinel.New(sentinel.Config{Addrs: addrs, Master: "mymaster", Dialer: &sentinelDialer})
//	…
//	p, err := pool.New(pool.Config{Dial: resolver.Dial(&redisDialer, sentinel.Master), Gate: resolver.Gate})
//	…
//	go resolver.Watch(ctx, &redisDialer, func(sentinel.Switch) { p.Switch(time.Second / 2) })
//
// # Whom to believe
//
// All sentinels are asked at once, and one that is dead or slow is waited for no longer than a moment. Where they disagree, the configuration with the higher
// epoch counts. What they say is verified: a server that was dialled as the master must say of itself that it is (ROLE), because a sentinel may not yet know
// better.
//
// A Watch changes its mind when a sentinel announces a switch (+switch-master), or when most of those that answer name another server with a higher epoch, and that
// server says that it is a master. Their configuration may be no newer, where a set was made anew: then most of them have to name it for five seconds, and the old
// one be no master any more, or all of them for a minute. The answers of one sentinel among several, which lies or has been cut off, change nothing. Sentinels that
// others have named count only when none of the configured ones answers.
//
// # What a failover loses
//
// Replication is asynchronous: what a master acknowledged and had not passed on is lost with it. In a failover that was asked for (SENTINEL FAILOVER) the old master
// goes on acknowledging writes after its replica was promoted, for about ten seconds with Sentinel's usual periods, and all of these are lost. The sentinel that
// leads a failover announces each of its steps, the first ones a tenth of a second before it promotes anybody. From then on Gate holds writes, while reads go on;
// they continue on the new master as soon as that has said that it is one. What is in flight by then has that tenth of a second to reach the replica; but whoever
// has taken a connection for himself, with Pool.With, is not stopped.
//
// When the master dies, or when no announcement came, that cannot help: [Switch.Planned] is false then, and what was acknowledged shortly before may be lost. Who
// must not lose a write asks for the acknowledgement of replicas (WAIT).
//
// A sentinel that announces failovers for nothing can hold writes: for as long as Config.MaxFence, and ever less often, since its word is worth nothing for a
// multiple of the time that it cost.
//
// # Permissions
//
// An ACL user of the sentinels needs SENTINEL MASTER or SENTINEL GET-MASTER-ADDR-BY-NAME, for Watch also SENTINEL SENTINELS, SENTINEL MYID, and SUBSCRIBE with the
// right to all channels (allchannels), which users do not have by default since Redis 7; for replicas SENTINEL SLAVES. What is missing beyond the first is done
// without: there is no early warning without SUBSCRIBE, and whether it came in time is known only from SENTINEL MASTER. On the servers ROLE is needed; without it,
// what a server says in its answer to HELLO is taken for its role.
package sentinel
