package bwstate

import (
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strconv"
)

// This file holds the keys of BunkerWeb, one function each. They are not hashed and carry no hash tags. At the end are those of our own, which begin with
// what no key of BunkerWeb begins with.

// defaultService is what nginx calls a request that fits no server block. Its bad behaviour always counts globally.
const defaultService = "_"

// banKey is where a ban is kept.
func banKey(scope Scope, service string, ip netip.Addr) string {
	if scope == ServiceScope {
		return "bans_service_" + service + "_ip_" + ip.String()
	}
	return "bans_ip_" + ip.String()
}

// badBehaviorKey is where bad requests are counted.
func badBehaviorKey(scope Scope, service string, ip netip.Addr) string {
	if scope == ServiceScope {
		return "plugin_bad_behavior_" + service + "_" + ip.String()
	}
	return "plugin_bad_behavior_" + ip.String()
}

// sessionKey is where the data of a session is kept. The library that BunkerWeb uses puts a colon behind its prefix, which ends in an underscore already.
func sessionKey(cookie string, id SessionID) string {
	return "sessions_:" + cookie + ":" + id.Text()
}

// pathLimitKey is where the requests of a client for a path are noted. Nothing separates the three, so different ones can meet.
func pathLimitKey(service string, ip netip.Addr, path string) string {
	key := make([]byte, 0, 128)
	key = append(append(key, "plugin_limit_"...), service...)
	return string(append(ip.AppendTo(key), path...))
}

// serviceLimitKey is where the requests for a service in one window are counted. Windows are numbered from 1970 on.
func serviceLimitKey(service string, window int64) string {
	key := make([]byte, 0, 128)
	key = append(append(append(key, "plugin_limit_global_"...), service...), '_')
	return string(strconv.AppendInt(key, window, 10))
}

// quotaKey is where a quota is kept. No name has a colon or an equals sign.
func quotaKey(name, key string) string { return "bwredis:limit:" + name + bounded(key) }

// limitCountKey is where the requests of one window are counted for those who do the rest themselves; windows go by the millisecond in which they begin.
func limitCountKey(name string, window int64, key string) string {
	return "bwredis:limitcount:" + name + ":" + strconv.FormatInt(window, 10) + bounded(key)
}

// maxPlainKey is how much of a caller's text becomes part of a key as it is.
const maxPlainKey = 64

// bounded returns a text for the end of a key, or the hash of one that is long. The first character says which.
func bounded(text string) string {
	if len(text) <= maxPlainKey {
		return ":" + text
	}
	sum := sha256.Sum256([]byte(text))
	return "=" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// appSessionKey is where a session of the application's own is kept. The handle is a hash of its id, so that whoever sees keys cannot use sessions. Without a handle it
// is what the keys of all sessions begin with.
func appSessionKey(app, handle string) string { return "bwredis:session:" + app + ":" + handle }

// appSubjectKey is the index of a subject's sessions, by the subject's hash; without that, what the keys of all indexes begin with.
func appSubjectKey(app, subject string) string { return "bwredis:subject:" + app + ":" + subject }

// appMarkKey says since when all sessions of a subject, by its hash, are ended.
func appMarkKey(app, subject string) string { return "bwredis:revoked:" + app + ":" + subject }

// metricKey is where a metric of a plugin is kept; kind is counterKind or tableKind. Nodes end it with the number of a worker process.
func metricKey(plugin, kind, name, worker string) string {
	return "metrics:" + plugin + kind + name + ":" + worker
}

// countKey is where a counter of an application is kept. Those in windows are other keys for each length of a window.
func countKey(app, kind, name string) string { return "bwredis:count:" + app + ":" + kind + ":" + name }
