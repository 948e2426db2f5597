package bwstate

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	unixPrefix          = "unix:"
	maxPort             = 65535
	defaultSentinelPort = 26379
)

// parseHost reads REDIS_HOST. A port in it is settled with REDIS_PORT in check.
func (p *settingsParser) parseHost(text string) (problem string) {
	if path, ok := strings.CutPrefix(text, unixPrefix); ok {
		p.s.Host, problem = unixHost(path)
	} else {
		p.s.Host, p.hostPort, problem = splitHost(text)
	}
	if problem != "" {
		p.fail("REDIS_HOST", withoutCredentials(text, text), problem)
	}
	return ""
}

func unixHost(path string) (host, problem string) {
	if strings.HasPrefix(path, "///") { // unix:///path is the same socket, written as a URL
		path = path[2:]
	}
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsRune(path, 0) {
		return "", "must be unix: and the absolute path of a socket"
	}
	return unixPrefix + path, ""
}

// parseSentinels reads REDIS_SENTINEL_HOSTS into host:port texts, and reports each wrong entry by its position.
func (p *settingsParser) parseSentinels(text string) (problem string) {
	const name = "REDIS_SENTINEL_HOSTS"
	entries := strings.FieldsFunc(text, betweenEntries)
	if strings.Contains(text, ",") {
		p.warn(name + " has commas; BunkerWeb itself separates sentinels by white space only and misreads them")
	}
	if len(entries) == 0 {
		return "holds no host"
	}
	for i, entry := range entries {
		host, port, problem := splitHost(entry)
		if problem != "" {
			p.fail(name, withoutCredentials(entry, text), fmt.Sprintf("entry %d: %s", i+1, problem))
			continue
		}
		if port == 0 {
			port = defaultSentinelPort
		}
		addr := net.JoinHostPort(host, strconv.Itoa(port))
		if strings.Contains(host, ":") && !strings.HasPrefix(entry, "[") {
			p.warn(fmt.Sprintf("%s: entry %d is read as %s; write an IPv6 address in brackets", name, i+1, addr))
		}
		if slices.Contains(p.s.SentinelHosts, addr) {
			p.warn(fmt.Sprintf("%s: entry %d repeats %s", name, i+1, addr))
			continue
		}
		p.s.SentinelHosts = append(p.s.SentinelHosts, addr)
	}
	return ""
}

func betweenEntries(r rune) bool { return r == ',' || unicode.IsSpace(r) }

// splitHost takes host, host: or host:port apart. The host comes without brackets, an address in its canonical
// text; port is 0 where none is written. What looks like an IPv6 address without brackets is one, whole.
func splitHost(text string) (host string, port int, problem string) {
	host, digits, problem := cutPort(text)
	if problem == "" {
		host, problem = hostOnly(host)
	}
	if problem != "" || digits == "" {
		return host, 0, problem
	}
	port, problem = parseNumber(digits, 1, maxPort)
	if problem != "" {
		return "", 0, "port: " + problem // without the digits: in user:password@host they are the password
	}
	return host, port, ""
}

func cutPort(text string) (host, digits, problem string) {
	if strings.Contains(text, "://") {
		return "", "", "must be a host alone, not a URL: leave out the scheme, the credentials and the path, or set BWREDIS_URL"
	}
	if strings.HasPrefix(text, "[") {
		host, rest, closed := strings.Cut(text, "]")
		if !closed || rest != "" && rest[0] != ':' {
			return "", "", "must be [IPv6 address] or [IPv6 address]:port"
		}
		return host + "]", strings.TrimPrefix(rest, ":"), ""
	}
	if strings.Count(text, ":") == 1 {
		host, digits, _ = strings.Cut(text, ":")
		return host, digits, ""
	}
	return text, "", ""
}

// hostOnly checks a host without a port.
func hostOnly(text string) (host, problem string) {
	if inner, ok := strings.CutPrefix(text, "["); ok {
		inner, closed := strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		if !closed || err != nil || !addr.Is6() || strings.ContainsFunc(addr.Zone(), notInLabel) {
			return "", "only an IPv6 address goes in brackets"
		}
		return addr.String(), ""
	}
	// A zone may be any text to netip; a bracket or a space in it would break host:port.
	if addr, err := netip.ParseAddr(text); err == nil && !strings.ContainsFunc(addr.Zone(), notInLabel) {
		return addr.String(), ""
	}
	if strings.Count(text, ":") > 1 {
		return "", "not an IPv6 address"
	}
	return text, nameProblem(text)
}

// nameProblem checks a DNS name as Go's resolver would: letters, digits, hyphens and underscores in labels
// separated by dots.
func nameProblem(name string) string {
	if strings.ContainsFunc(name, unicode.IsSpace) {
		return "must not hold white space"
	}
	const bad = "not a host name or an IP address"
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	if len(name) > 253 {
		return bad
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || strings.ContainsFunc(label, notInLabel) {
			return bad
		}
	}
	// 10.0.0 or 256.1.1.1 is a slip in an address: no top-level domain is a number.
	if len(labels) > 1 && onlyDigits(labels[len(labels)-1]) {
		return bad
	}
	return ""
}

func notInLabel(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}
