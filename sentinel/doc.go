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
// A Watch changes its mind when a sentinel announces a switch (+switch-master) and the new master says that it is one; when most of the sentinels that answer name
// another server with a higher epoch; or when most have named another server for five seconds, whatever the epoch, which is what a set looks like that was built
// anew. One sentinel alone, which lies or has been cut off, changes nothing by its answers.
//
// # What a failover loses
//
// Replication is asynchronous: what a master acknowledged and had not passed on is lost with it. In a failover that was asked for (SENTINEL FAILOVER) the
// old master goes on acknowledging writes after its replica was promoted, for about ten seconds with Sentinel's usual periods, and all of these are lost.
// The sentinel that leads a failover announces each of its steps, the first ones before it promotes anybody. From then on Gate holds writes, while reads go on;
// they continue on the new master as soon as that has said that it is one. Nobody acknowledges a write in between.
//
// When the master dies, or when no announcement came, that cannot help: [Switch.Planned] is false then, and what was acknowledged shortly before may be lost. Who must not lose
// a write asks for the acknowledgement of replicas (WAIT).
//
// # Permissions
//
// An ACL user of the sentinels needs SENTINEL MASTER or SENTINEL GET-MASTER-ADDR-BY-NAME, for Watch also SENTINEL SENTINELS, SENTINEL MYID and SUBSCRIBE, and for replicas SENTINEL
// REPLICAS. What is missing beyond the first is done without: there is no early warning without SUBSCRIBE.
package sentinel
