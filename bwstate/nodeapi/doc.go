// Package nodeapi is a client of the HTTP API that BunkerWeb's nodes have for their scheduler, their command line and their UI.
//
// Bans need it: a node keeps a ban that it set itself in its own memory until the ban ends, whatever becomes of the key in Redis, and what it read from Redis for up to
// 30 seconds. Only its API lifts those, and only its API tells of them.
//
//	client, err := nodeapi.New(nodeapi.Config{Nodes: []string{"http://10.0.0.5:5000", "http://[2001:db8::5]:5000"}, Token: token})
//	…
//	report, err := client.UnbanEverywhere(ctx, state, ip, bwstate.Everywhere{}) // Redis, and every node
//
// A node answers only to addresses of its API_WHITELIST_IP, to the Host of its API_SERVER_NAME, and, where API_TOKEN is set, to that token. To others it closes the
// connection without a word, and the error says that this may be why.
//
// It is a package of its own so that bwstate does not link net/http.
package nodeapi
