// Package bench measures bwredis. Its benchmarks run against the server that the REDIS_* settings name when USE_REDIS=yes, and otherwise against a responder in
// the same process, which answers at once and shows what the client alone can do.
package bench
