package bwstate

import (
	"strconv"
	"strings"
)

// readPath reads the database, the name of the master in front of it, or the path of a socket.
func (r *urlReader) readPath(path string) {
	if r.socket {
		decoded, problem := unescape(path)
		if problem != "" {
			r.fail("", "path: "+problem)
			return
		}
		r.values["REDIS_HOST"] = unixPrefix + decoded
		return
	}
	if path == "" || path == "/" {
		return
	}
	parts := strings.Split(path[1:], "/")
	if r.sentinels && (len(parts) > 1 || !onlyDigits(parts[0])) {
		master, problem := unescape(parts[0])
		if problem != "" || master == "" {
			r.fail("", "path: must be /master, /master/database or /database")
			return
		}
		r.values["REDIS_SENTINEL_MASTER"] = master
		parts = parts[1:]
	}
	switch {
	case len(parts) == 0:
	case len(parts) > 1 || parts[0] == "":
		r.fail("", "path: must be /database, and with sentinels /master or /master/database")
	default:
		r.values["REDIS_DATABASE"] = parts[0]
	}
}

// otherNames are what parameters are called elsewhere, and what to write here.
var otherNames = map[string]string{
	"skip_verify": "ssl_verify=no", "insecure": "ssl_verify=no", "tls_insecure": "ssl_verify=no", "insecure_skip_verify": "ssl_verify=no",
	"ssl_cert_reqs": "ssl_verify", "ssl_ca_certs": "ssl_ca", "ssl_certfile": "ssl_cert", "ssl_keyfile": "ssl_key",
	"dial_timeout": "timeout", "read_timeout": "timeout", "write_timeout": "timeout", "socket_timeout": "timeout", "connect_timeout": "timeout",
	"pool_size": "keepalive_pool", "max_connections": "keepalive_pool", "max_idle_conns": "keepalive_pool",
	"conn_max_idle_time": "keepalive_idle", "idle_timeout": "keepalive_idle",
	"master": "sentinel_master", "master_name": "sentinel_master", "master_set": "sentinel_master", "service_name": "sentinel_master",
	"tls": "rediss:// in place of redis://", "ssl": "rediss:// in place of redis://",
	"addr": "hosts separated by commas", "sentinel_hosts": "hosts separated by commas", "host": "the host before the path", "port": "the port behind the host",
	"username": "the user before the @", "password": "the password before the @", "user": "the user before the @",
}

func (r *urlReader) readQuery(query string) {
	for pair := range strings.SplitSeq(query, "&") {
		name, text, hasValue := strings.Cut(pair, "=")
		setting, problem := r.parameter(name)
		switch {
		case pair == "":
			r.fail("", "has an empty parameter behind its ?")
			continue
		case problem != "":
			r.fail(shownParameter(name), problem)
			continue
		case !hasValue || text == "":
			r.fail(name, "this parameter has no value")
			continue
		case strings.Contains(text, "+"):
			r.fail(name, "the value of this parameter has a +, which some take for a space; write %20 or %2B")
			continue
		}
		if _, twice := r.values[setting]; twice {
			r.fail(name, "another part of the URL has said "+setting+" already")
			continue
		}
		decoded, problem := unescape(text)
		if problem != "" {
			r.fail(name, "the value of this parameter: "+problem)
			continue
		}
		r.values[setting] = decoded
	}
}

// parameter returns the setting behind the name of a parameter, or why there is none.
func (r *urlReader) parameter(name string) (setting, problem string) {
	if name == "db" {
		name = "database"
	}
	setting = "REDIS_" + strings.ToUpper(name)
	if name == "time_unit" {
		setting = "BWREDIS_TIME_UNIT"
	}
	elsewhere := otherNames[name]
	if r.socket && name == "ssl" {
		elsewhere = ""
	}
	switch {
	case elsewhere != "":
		return "", "unknown parameter; what it may mean is " + elsewhere
	case name != strings.ToLower(name) || !isSetting(setting):
		return "", "unknown parameter; it must be the name of a setting in lower case, without its REDIS_, such as timeout or ssl_verify"
	case strings.HasPrefix(name, "sentinel_") && !r.sentinels:
		return "", "this parameter is for the schemes with +sentinel"
	case strings.HasPrefix(name, "ssl_") && !r.tls && !r.sentinels && !r.socket:
		return "", "this parameter is for the schemes with TLS, rediss and valkeys"
	}
	return setting, ""
}

// shownParameter is what may be shown of the name of an unknown parameter: one, and not a text of another sort.
func shownParameter(name string) string {
	if strings.ContainsFunc(name, notInLabel) {
		return ""
	}
	return name
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func decimal(n int) string { return strconv.Itoa(n) }
