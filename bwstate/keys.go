package bwstate

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strconv"
	"strings"
)

// This file holds the keys of BunkerWeb, one function each. They are not hashed and carry no hash tags. At the end are those of our own, which begin with
// what no key of BunkerWeb begins with.

// defaultService is what nginx calls a request that fits no server block. Its bad behaviour always counts globally.
const defaultService = "_"

// maxBanKey is how long the key of a ban can be, in bytes.
const maxBanKey = len("bans_service_") + maxServiceSize + len("_ip_") + len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")

// appendBanKey appends where a ban is kept.
func appendBanKey(dst []byte, scope Scope, service string, ip netip.Addr) []byte {
	if scope != ServiceScope {
		return ip.AppendTo(append(dst, "bans_ip_"...))
	}
	dst = append(append(dst, "bans_service_"...), service...)
	return ip.AppendTo(append(dst, "_ip_"...))
}

func banKey(scope Scope, service string, ip netip.Addr) string {
	var room [maxBanKey]byte
	return string(appendBanKey(room[:0], scope, service, ip))
}

// splitBanKey is the reverse of banKey, with the address as it is written there. What a service is called may hold "_ip_" too.
func splitBanKey(key string) (scope Scope, service, ip string, ok bool) {
	if ip, ok := strings.CutPrefix(key, "bans_ip_"); ok {
		return GlobalScope, "", ip, true
	}
	rest, ok := strings.CutPrefix(key, "bans_service_")
	if !ok {
		return "", "", "", false
	}
	at := strings.LastIndex(rest, "_ip_")
	if at < 0 {
		return "", "", "", false
	}
	return ServiceScope, rest[:at], rest[at+len("_ip_"):], true
}

// appendBadBehaviorKey appends where bad requests are counted.
func appendBadBehaviorKey(dst []byte, scope Scope, service string, ip netip.Addr) []byte {
	dst = append(dst, badBehaviorPrefix...)
	if scope == ServiceScope {
		dst = append(append(dst, service...), '_')
	}
	return ip.AppendTo(dst)
}

const badBehaviorPrefix = "plugin_bad_behavior_"

func badBehaviorKey(scope Scope, service string, ip netip.Addr) string {
	var room [maxBanKey]byte // which is enough but for the longest names
	return string(appendBadBehaviorKey(room[:0], scope, service, ip))
}

// splitBadBehaviorKey is the reverse of badBehaviorKey, with the address as it is written there. An address has no underscore, and what a service is called may.
func splitBadBehaviorKey(key string) (scope Scope, service, ip string, ok bool) {
	rest, ok := strings.CutPrefix(key, badBehaviorPrefix)
	if !ok {
		return "", "", "", false
	}
	if at := strings.LastIndexByte(rest, '_'); at >= 0 {
		return ServiceScope, rest[:at], rest[at+1:], true
	}
	return GlobalScope, "", rest, true
}

// sessionKey is where the data of a session is kept. The library that BunkerWeb uses puts a colon behind its prefix, which ends in an underscore already.
func sessionKey(cookie string, id SessionID) string {
	return "sessions_:" + cookie + ":" + id.Text()
}

// maxNodePath is how long a path can be on a node: no longer than the line of a request that nginx takes.
const maxNodePath = 8 << 10

// pathLimitKey is where the requests of a client for a path are noted. Nothing separates the three, so different ones can meet. A path that no node has is hashed, since
// visitors make it: it must not fill the store.
func pathLimitKey(service string, ip netip.Addr, path string) string {
	key := make([]byte, 0, 128)
	key = append(append(key, "plugin_limit_"...), service...)
	key = ip.AppendTo(key)
	if len(path) > maxNodePath {
		return string(appendHash(key, path))
	}
	return string(append(key, path...))
}

// serviceLimitKey is where the requests for a service in one window are counted. Windows are numbered from 1970 on.
func serviceLimitKey(service string, window int64) string {
	key := make([]byte, 0, 128)
	key = append(append(append(key, "plugin_limit_global_"...), service...), '_')
	return string(strconv.AppendInt(key, window, 10))
}

// quotaKey is where a quota is kept. No name has a colon or an equals sign.
func quotaKey(name, text string) string {
	key := make([]byte, 0, 160)
	return string(appendBounded(append(append(key, "bwredis:limit:"...), name...), text))
}

// limitCountKey is where the requests of one window are counted for those who do the rest themselves; windows go by the millisecond in which they begin.
func limitCountKey(name string, window int64, text string) string {
	key := make([]byte, 0, 192)
	key = append(append(append(key, "bwredis:limitcount:"...), name...), ':')
	return string(appendBounded(strconv.AppendInt(key, window, 10), text))
}

// maxPlainKey is how much of a caller's text becomes part of a key as it is.
const maxPlainKey = 64

// appendBounded appends a text to a key that it ends, or the hash of one that is long. The first character says which.
func appendBounded(key []byte, text string) []byte {
	if len(text) <= maxPlainKey {
		return append(append(key, ':'), text...)
	}
	return appendHash(key, text)
}

// appendHash appends the hash of a text.
func appendHash(key []byte, text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.AppendEncode(append(key, '='), sum[:])
}

// reportsKey is the list of blocked requests, facetKey where they are counted by the values of a field, and facetsMarkerKey what says that they were counted.
const (
	reportsKey      = "requests"
	facetsMarkerKey = "requests:facets:initialized"
)

func facetKey(field ReportField) string { return "requests:facet:" + string(field) }

// recountKey is the recount of facets that is under way, recountFacetKey what it has counted, recountDoneKey the one that was done last, and reportBatchKey a batch that was
// pushed a while ago.
const (
	recountKey     = "bwredis:reports:recount"
	recountDoneKey = "bwredis:reports:recounted"
)

func recountFacetKey(field ReportField) string { return "bwredis:reports:facet:" + string(field) }
func reportBatchKey(batch string) string       { return "bwredis:reports:batch:" + batch }

// appSessionKey is where a session of the application's own is kept. The handle is a hash of its id, so that whoever sees keys cannot use sessions. Without a handle it
// is what the keys of all sessions begin with.
func appSessionKey(app, handle string) string {
	var room [maxAppSessionKey]byte
	return string(appendAppSessionKey(room[:0], app, handle))
}

// maxAppSessionKey is how long the key of an application's session can be, in bytes.
const maxAppSessionKey = len("bwredis:session:") + maxAppName + 1 + hashSize

func appendAppSessionKey(dst []byte, app, handle string) []byte {
	return append(append(append(append(dst, "bwredis:session:"...), app...), ':'), handle...)
}

// appSubjectKey is the index of a subject's sessions, by the subject's hash; without that, what the keys of all indexes begin with.
func appSubjectKey(app, subject string) string { return "bwredis:subject:" + app + ":" + subject }

// reverseNamesKey is where the names of an address are kept.
func reverseNamesKey(ip netip.Addr) string { return "rdns_" + ip.String() }

// addrsKey is where the addresses of a name are kept.
func addrsKey(name string) string { return "dns_" + name }

const reverseScanPrefix = "plugin_reverse_scan_"

// reverseScanKey is where it is kept whether a client has a port open. IPv6 has no brackets there.
func reverseScanKey(port netip.AddrPort) string {
	return reverseScanPrefix + port.Addr().String() + ":" + strconv.Itoa(int(port.Port()))
}

// ParseReverseScanKey returns what port of what client a key of [NodeCache.PortOpen] is of: the last colon separates them. It is false for any other key.
func ParseReverseScanKey(key string) (port netip.AddrPort, ok bool) {
	text, ok := strings.CutPrefix(key, reverseScanPrefix)
	colon := strings.LastIndexByte(text, ':')
	if !ok || colon < 0 {
		return netip.AddrPort{}, false
	}
	ip, err := netip.ParseAddr(text[:colon])
	n, err2 := strconv.ParseUint(text[colon+1:], 10, 16)
	if port = netip.AddrPortFrom(ip, uint16(n)); err != nil || err2 != nil || reverseScanKey(port) != key {
		return netip.AddrPort{}, false
	}
	return port, true
}

// cachePrefix is what the keys of a cache begin with. No prefix is the beginning of another one, which servers would refuse to follow beside it: names have no colons.
func cachePrefix(name string) string { return cachePrefixes + name + ":" }

const cachePrefixes = "bwredis:cache:"

// leasePrefix is what the keys begin with that say who is loading an entry of a cache. They are apart from the entries, so that nobody is told when they change.
func leasePrefix(name string) string { return "bwredis:lease:" + name + ":" }

// appMarkKey says since when all sessions of a subject, by its hash, are ended.
func appMarkKey(app, subject string) string { return "bwredis:revoked:" + app + ":" + subject }

// metricKey is where a metric of a plugin is kept; kind is counterKind or tableKind. Nodes end it with the number of a worker process.
func metricKey(plugin, kind, name, worker string) string {
	return "metrics:" + plugin + kind + name + ":" + worker
}

// countKey is where a counter of an application is kept. Those in windows are other keys for each length of a window.
func countKey(app, kind, name string) string { return "bwredis:count:" + app + ":" + kind + ":" + name }
