// Package bench measures bwredis. Its benchmarks run against the server that the REDIS_* settings name when USE_REDIS=yes, and otherwise against a responder in
// the same process, which answers at once and shows what the client alone can do.
//
// The programs below it put bwredis beside other clients. How each of those is asked stands in package clients, and nowhere else: a client that is added
// there is in all tables of throughput and of codecs, in that of hostile replies, and in those of failovers when it can follow sentinels.
package bench
