package bwstate

import (
	"strconv"
	"time"
)

func (p *parity) compareSSL() {
	if !p.s.SSL {
		return
	}
	p.compareYes("REDIS_SSL")
	if p.node.SSL {
		p.add("REDIS_SSL", node, "sends no server name, and so gets the certificate of a server that has several by chance", "sends the name, where it is one")
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
			p.add("REDIS_TIMEOUT", node, "waits "+d.String()+", as numbers are milliseconds", here)
		}
	}
	if d := milliseconds(p.python.Timeout); d != p.s.Timeout {
		there := p.reset(d.String())
		if p.python.Reset == "" {
			there += ", as numbers are milliseconds"
		}
		p.add("REDIS_TIMEOUT", python, there, here)
	}
}

func milliseconds(n int) time.Duration { return time.Duration(n) * time.Millisecond }

func (p *parity) compareIdle() {
	here := "keeps unused connections for " + p.s.KeepaliveIdle.String()
	d := nginxDefault
	if p.node.Idle != left {
		d = milliseconds(p.node.Idle)
	}
	if d != p.s.KeepaliveIdle {
		p.add("REDIS_KEEPALIVE_IDLE", node, "keeps unused connections for "+d.String(), here)
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
	p.add("REDIS_KEEPALIVE_POOL", python, p.reset(strconv.Itoa(p.python.Pool))+", as the most connections there may be", here)
}
