package bwstate

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
)

// parseAddressMap reads REDIS_SENTINEL_ADDRESS_MAP, and reports each wrong entry by its position.
func (p *settingsParser) parseAddressMap(text string) (problem string) {
	const name = "REDIS_SENTINEL_ADDRESS_MAP"
	entries := strings.FieldsFunc(text, betweenEntries)
	if len(entries) == 0 {
		return "holds no entry"
	}
	reach := make(map[string]string, len(entries))
	for i, entry := range entries {
		announced, reachable, problem := parseMapping(entry)
		before, repeated := reach[announced]
		switch {
		case problem != "":
		case repeated && before != reachable:
			problem = "an entry before it has the same announced address, and another reachable one"
		case repeated:
			p.warn(fmt.Sprintf("%s: entry %d repeats %s", name, i+1, announced))
		}
		if problem != "" {
			p.fail(name, withoutCredentials(entry, text), fmt.Sprintf("entry %d: %s", i+1, problem))
			continue
		}
		reach[announced] = reachable
	}
	p.s.SentinelAddressMap = reach
	return ""
}

// parseMapping reads announced=reachable: host:port both, or a host both.
func parseMapping(entry string) (announced, reachable, problem string) {
	left, right, found := strings.Cut(entry, "=")
	if !found || strings.Contains(right, "=") {
		return "", "", "must be announced=reachable, with white space or a comma between entries only"
	}
	announced, leftPort, problem := parseMapped(left)
	if problem != "" {
		return "", "", "announced: " + problem
	}
	reachable, rightPort, problem := parseMapped(right)
	switch {
	case problem != "":
		return "", "", "reachable: " + problem
	case leftPort != rightPort:
		return "", "", "must have a port on both sides, or on neither, where the port stays as announced"
	}
	return announced, reachable, ""
}

// parseMapped returns host:port, or a host without brackets where no port is written.
func parseMapped(text string) (addr string, hasPort bool, problem string) {
	if text == "" {
		return "", false, "is missing"
	}
	host, port, problem := splitHost(text)
	switch {
	case problem != "":
		return "", false, problem
	case strings.Contains(host, ":") && !strings.HasPrefix(text, "["): // whether it ends in a port, nobody can tell
		return "", false, "write an IPv6 address in brackets"
	case port == 0:
		return host, false, ""
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), true, ""
}

// addressMapText is what parseAddressMap would read, in the order of the announced addresses.
func addressMapText(reach map[string]string) string {
	var b strings.Builder
	for _, announced := range slices.Sorted(maps.Keys(reach)) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(mappedText(announced) + "=" + mappedText(reach[announced]))
	}
	return b.String()
}

func mappedText(addr string) string {
	if _, _, err := net.SplitHostPort(addr); err != nil && strings.Contains(addr, ":") {
		return "[" + addr + "]"
	}
	return addr
}
