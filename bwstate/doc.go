// Package bwstate is the state that BunkerWeb nodes share through Redis or Valkey: bans and bad behaviour, rate limits, sessions, reports of blocked requests, metrics,
// cached lookups. It reads and writes the same keys in the same bytes as BunkerWeb's own Lua and Python do, and is configured by the same REDIS_* settings.
// Beside it there is what an application wants to keep in the same Redis: sessions, counters, quotas, caches of its own.
//
//	settings, err := bwstate.ParseSettings(os.Getenv)
//	…
//	state, err := bwstate.Open(ctx, settings)
//	…
//	defer state.Close()
//	ban, banned, err := state.Banned(ctx, addr, "www.example.com")
//
// With USE_REDIS=no, [Open] opens an embedded store instead: the same operations, in the memory of one process. It holds strings, lists, hashes and sorted sets, takes 64
// MiB at most, and refuses with the server's OOM error what does not fit, as a server without eviction does. Only where one stands in for a server that is away
// ([LocalWhenAway]) what has a time to live makes room instead, what would end first before the others.
//
// # Settings
//
// [ReadSettings] takes them from several sources: the environment, a variables.env file, a map, a URL, and files that hold secrets. [Settings.Effective] says what is in
// force and where it is from, [Settings.Parity] what BunkerWeb itself would make of the same settings, which often is something else.
//
// # Results
//
// What does not exist is a false, never an error. Errors are those of the layers below, and all work with errors.Is and errors.As: a *resp.Error is the
// server's own no, a *conn.Error a failure that names address and phase, a [*ValueError] a value in the store that is not what belongs there.
//
// # Bans
//
// [State.IncreaseBadBehavior] counts bad requests and bans who makes too many, [State.CheckBan] asks whether an address is banned, [State.Bans] lists bans, and
// [State.UnbanEverywhere] lifts all of an address. Nodes keep bans that they set in their own memory: package nodeapi tells them.
//
// # Visitors
//
// [State.VisitorSessions] opens, with SESSIONS_SECRET and SESSIONS_NAME, the sessions that BunkerWeb's nodes keep for a site's visitors, and saves what they open.
// Package bwhttp puts them around a http.Handler.
//
// # Sessions of the application's own
//
// [State.Sessions] are those of BunkerWeb's nodes. [State.AppSessions] are the application's, in the same Redis: with limits, versions, an index of each subject,
// and encryption. The embedded store keeps them, too.
//
// # Caches
//
// [State.NodeCache] is what BunkerWeb's nodes look up only once for all of them. [State.Cache] is the application's own: of everybody who misses an entry one loads it, and
// copies in this process are gone as soon as somebody changes the entry.
//
// # Limits
//
// [State.Limits] decides which requests are too many, by BunkerWeb's own limits together with its nodes, and by quotas of any kind. Package bwhttp puts them in front of a
// http.Handler.
//
// # Reports, metrics, counters
//
// [State.Reports] are the requests that were blocked, with counts of their addresses, URLs and the like; [State.Metrics] writes what BunkerWeb's UI shows, and
// [State.SumMetrics] reads what nodes wrote. [State.Counters] and [State.Tops] are for applications: how often, in which windows, and what most of all.
//
// # Several at once
//
// A [Batch] is several operations in one round trip, each with its own result: all that a firewall asks for one request.
//
// # While the server is away
//
// Operations fail, unless their configuration says otherwise: see [WhenAway]. What was not answered by the server says so, in a field Degraded or a place of its own. What
// must not be answered from memory, such as that a ban was lifted or a session ended, always fails.
//
// # Writes that outlive a failover
//
// A server acknowledges a write before its replicas have it, so a failover may lose it: a ban, or that a session was ended. [State.WaitReplicas] writes and waits
// until replicas have it too, and says how many do.
//
// # Concurrency
//
// A [State] is safe for concurrent use, and meant to be shared: concurrent operations travel together. Every operation is one round
// trip, or two when the server does not know a script yet.
package bwstate
