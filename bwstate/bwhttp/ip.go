package bwhttp

import (
	"net/http"
	"net/netip"
)

// RemoteIP returns the address at the other end of the connection.
func RemoteIP(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap().WithZone("")
}

// RealIP returns a function that trusts the header X-Real-IP when the other end of the connection is one of nodes; otherwise, and when there is no address in the
// header, it returns that other end. Whoever can connect from such an address can be any visitor, so nodes should be no wider than the nodes are.
//
// BunkerWeb's nodes send it to whatever they are a reverse proxy of: confs/server-http/reverse-proxy.conf of their plugin reverseproxy has
// "proxy_set_header X-Real-IP $remote_addr", which replaces what the visitor sent. $remote_addr is the address that they keep in the session, too: that of the
// connection, or, with USE_REAL_IP=yes, the one that the proxy in front of them names. They do not send it to REMOTE_PHP, nor where a configuration of one's own
// passes requests on; and where REVERSE_PROXY_HEADERS names X-Real-IP, newer nodes send that value alone, and older ones both. When there are two that differ, the
// address is not valid, and nobody's session is opened. X-Forwarded-For, which nodes send as well, is not read: it begins with what the visitor sent.
func RealIP(nodes ...netip.Prefix) func(*http.Request) netip.Addr {
	return func(r *http.Request) netip.Addr {
		peer := RemoteIP(r)
		for _, prefix := range nodes {
			if prefix.Contains(peer) {
				return named(r.Header["X-Real-Ip"], peer)
			}
		}
		return peer
	}
}

// named returns the address that headers name, or peer when they name none.
func named(values []string, peer netip.Addr) netip.Addr {
	ip := peer
	for i, value := range values {
		named, err := netip.ParseAddr(value)
		if err != nil {
			named = peer
		}
		if named = named.Unmap().WithZone(""); i > 0 && named != ip {
			return netip.Addr{}
		}
		ip = named
	}
	return ip
}
