package bwstate

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func (p *parity) compareHost() {
	if p.withSentinels() {
		return
	}
	_, err := netip.ParseAddr(p.s.Host)
	switch {
	case p.s.Network() == "unix":
		p.add("REDIS_HOST", node, "raises an exception for the path of a socket", "connects to the socket")
		p.add("REDIS_HOST", python, "looks for a host of that name", "connects to the socket")
	case p.portInHost():
		p.add("REDIS_HOST", everybody, "expects a host alone, and the port in REDIS_PORT", "connects to "+p.s.Addr())
	case strings.HasPrefix(p.node.Host, "["):
		p.add("REDIS_HOST", python, "looks for a host whose name has brackets in it", "connects to "+p.s.Addr())
	case strings.Contains(p.s.Host, ":"):
		p.add("REDIS_HOST", node, "does not connect: it needs brackets around an IPv6 address", "connects to "+p.s.Addr())
	case err != nil:
		p.add("REDIS_HOST", node, "asks the DNS servers of nginx for the name, and does not look into /etc/hosts", "the system looks the name up")
	}
}

// portInHost says whether what is written as the host ends in a port, or in the colon of one. The colons of an IPv6 address are none.
func (p *parity) portInHost() bool {
	host, _, problem := cutPort(p.node.Host)
	return problem == "" && host != p.node.Host
}

// reset is why Python does not take a number that is one here.
func (p *parity) reset() string {
	if p.python.Reset == "" {
		return ""
	}
	return ", as port, database, timeout and pool are at their defaults when one of them is no number to it, which " + p.python.Reset + " is not"
}

func (p *parity) comparePort() {
	if !p.withSentinels() && p.s.Network() == "tcp" && p.python.Port != p.s.Port && !p.portInHost() {
		p.add("REDIS_PORT", python, "takes "+strconv.Itoa(p.python.Port)+p.reset(), "takes "+strconv.Itoa(p.s.Port))
	}
}

func (p *parity) compareDatabase() {
	here := "takes " + strconv.Itoa(p.s.Database)
	if p.python.Database != p.s.Database {
		p.add("REDIS_DATABASE", python, "takes "+strconv.Itoa(p.python.Database)+p.reset(), here)
	}
	if p.withSentinels() && p.s.Database != 0 {
		p.add("REDIS_DATABASE", pythonAPI, "takes 0 where there are sentinels", here)
	}
}

func (p *parity) compareUser() {
	if p.node.Username != "" && p.node.Password == "" && p.s.Password == "" {
		p.add("REDIS_USERNAME", node, "does not authenticate, because there is no password", "authenticates with an empty password")
	}
}

// comparePassword says nothing of the password but that it, or the user, is not safe in a URL.
func (p *parity) comparePassword() {
	both := p.node.Username + p.node.Password
	if p.node.Password != "" && url.PathEscape(both) != both {
		p.add("REDIS_PASSWORD", pythonAPI, "puts user and password into a URL without encoding them, which some characters in them break",
			"they are sent as they are")
	}
}

func (p *parity) compareSentinels() {
	if !p.withSentinels() {
		return
	}
	var ours []textHost
	for _, addr := range p.s.SentinelHosts {
		host, port, _ := net.SplitHostPort(addr)
		ours = append(ours, textHost{host, port})
	}
	if !slices.Equal(p.node.Sentinels, ours) {
		p.add("REDIS_SENTINEL_HOSTS", node, asked(p.node.Sentinels), asked(ours))
	}
	if !slices.Equal(p.python.Sentinels, ours) {
		p.add("REDIS_SENTINEL_HOSTS", python, asked(p.python.Sentinels), asked(ours))
	}
	p.add("REDIS_SENTINEL_HOSTS", nodeState, "reads bans and cached lookups from a replica where one answers", "reads from the master")
}

// asked keeps host and port apart: together, some that were misread look right.
func asked(hosts []textHost) string {
	texts := make([]string, len(hosts))
	for i, h := range hosts {
		texts[i] = "host " + quoteShort(h.Host) + " at port " + quoteShort(h.Port)
	}
	return "asks " + strings.Join(texts, ", ")
}

func (p *parity) compareSentinelUser() {
	p.compareSentinelLogin("REDIS_SENTINEL_USERNAME", p.s.SentinelUsername)
}

func (p *parity) compareSentinelPassword() {
	p.compareSentinelLogin("REDIS_SENTINEL_PASSWORD", string(p.s.SentinelPassword))
}

func (p *parity) compareSentinelLogin(setting, text string) {
	if p.withSentinels() && text != "" {
		p.add(setting, python, "never authenticates to sentinels, so those that want it tell it of no master", "authenticates")
	}
}

func (p *parity) compareMaster() {
	if !p.withSentinels() || p.node.Master != "" {
		return
	}
	here := "asks for " + p.s.SentinelMaster
	p.add("REDIS_SENTINEL_MASTER", nodeState, "asks for a master whose name is empty, which there is not", here)
	if p.s.SentinelMaster != defaultMaster {
		p.add("REDIS_SENTINEL_MASTER", nodeSessions, "asks for "+defaultMaster, here)
	}
	p.add("REDIS_SENTINEL_MASTER", python, "asks for a master whose name is empty, which there is not", here)
	p.add("REDIS_SENTINEL_MASTER", pythonAPI, "asks no sentinel, because the name is empty", here)
}
