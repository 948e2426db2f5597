package bwstate

import (
	"net/netip"
	"strconv"
	"time"
)

func (p *parity) compareSSL() {
	if !p.s.SSL {
		return
	}
	p.compareYes("REDIS_SSL")
	if _, err := netip.ParseAddr(p.s.Host); p.node.SSL && (p.s.SSLServerName != "" || err != nil && !p.withSentinels()) {
		p.add("REDIS_SSL", node, "sends no server name, so a server with several certificates has to guess", "sends the name")
	}
	if p.withSentinels() && p.python.SSL && p.s.sentinelSSL() {
		p.add("REDIS_SSL", python, "speaks to the sentinels without TLS", "speaks TLS to them, too")
	}
}

func (p *parity) compareVerify() {
	if !p.s.SSL {
		return
	}
	here := "verifies authority and name"
	if !p.s.SSLVerify {
		here = "takes any certificate"
	}
	switch {
	case p.node.SSL && !p.node.SSLVerify && p.s.SSLVerify:
		p.add("REDIS_SSL_VERIFY", node, "takes any certificate: what it reads is "+quoteShort(p.text("REDIS_SSL_VERIFY")), here)
	case p.node.SSL && p.s.SSLVerify:
		p.add("REDIS_SSL_VERIFY", node, "verifies the authority, of a list of its own, and never the name", here)
	}
	if p.python.SSL && !p.s.SSLVerify {
		p.add("REDIS_SSL_VERIFY", python, "does not read it, and verifies authority and name", here)
	}
}

const (
	nginxDefault      = time.Minute            // of cosockets, for timeouts and for idle connections
	connectorConnect  = 100 * time.Millisecond // of the connector of clusterstore
	connectorTransfer = time.Second
	connectorPool     = 30
)

func (p *parity) compareTimeout() {
	here := "waits " + p.s.Timeout.String()
	switch ms := p.node.Timeout; ms {
	case left:
		const no = ", as the text is no number to it"
		p.add("REDIS_TIMEOUT", nodeState, "waits "+connectorConnect.String()+" for a connection and "+connectorTransfer.String()+" for an answer"+no, here)
		p.add("REDIS_TIMEOUT", nodeSessions, "waits "+nginxDefault.String()+no, here)
	default:
		if d := milliseconds(ms); d != p.s.Timeout {
			p.add("REDIS_TIMEOUT", node, "waits "+d.String()+p.inMilliseconds("REDIS_TIMEOUT"), here)
		}
	}
	if d := milliseconds(p.python.Timeout); d != p.s.Timeout {
		why := p.reset()
		if why == "" {
			why = p.inMilliseconds("REDIS_TIMEOUT")
		}
		p.add("REDIS_TIMEOUT", python, "waits "+d.String()+why, here)
	}
}

// inMilliseconds is why a component has another duration than is here.
func (p *parity) inMilliseconds(name string) string {
	if p.s.source(settingNamed(name)) == "default" {
		return ", its default"
	}
	return ", as numbers are milliseconds"
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (p *parity) compareIdle() {
	here := "keeps unused connections for " + p.s.KeepaliveIdle.String()
	d, why := nginxDefault, ", as the text is no number to it"
	if p.node.Idle != left {
		d, why = milliseconds(p.node.Idle), p.inMilliseconds("REDIS_KEEPALIVE_IDLE")
	}
	if d != p.s.KeepaliveIdle {
		p.add("REDIS_KEEPALIVE_IDLE", node, "keeps unused connections for "+d.String()+why, here)
	}
	p.add("REDIS_KEEPALIVE_IDLE", python, "does not read it", here)
}

func (p *parity) comparePool() {
	here := "keeps " + strconv.Itoa(p.s.KeepalivePool) + " connections, which all callers share"
	n := p.node.Pool
	if n == left {
		n = connectorPool
	}
	p.add("REDIS_KEEPALIVE_POOL", node, "keeps "+strconv.Itoa(n)+" unused connections in each worker process, and opens any number", here)
	p.add("REDIS_KEEPALIVE_POOL", python, "opens "+strconv.Itoa(p.python.Pool)+" connections at most"+p.reset(), here)
}
