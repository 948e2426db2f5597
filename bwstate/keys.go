package bwstate

import "net/netip"

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

func reportBatchKey(batch string) string { return "bwredis:reports:batch:" + batch }

// appSessionKey is where a session of the application's own is kept. The handle is a hash of its id, so that whoever sees keys cannot use sessions. Without a handle it
// is what the keys of all sessions begin with.
func appSessionKey(app, handle string) string { return "bwredis:session:" + app + ":" + handle }

// appSubjectKey is the index of a subject's sessions, by the subject's hash; without that, what the keys of all indexes begin with.
func appSubjectKey(app, subject string) string { return "bwredis:subject:" + app + ":" + subject }
