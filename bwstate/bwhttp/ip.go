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

// RealIP returns a function that trusts the header X-Real-IP, which nodes set to the visitor's address, when the other end of the connection is one of nodes;
// otherwise, and when the header is not an address, it returns that other end. Whoever can connect from such an address can be any visitor, so nodes should be
// no wider than the nodes are.
func RealIP(nodes ...netip.Prefix) func(*http.Request) netip.Addr {
	return func(r *http.Request) netip.Addr {
		peer := RemoteIP(r)
		for _, prefix := range nodes {
			if !prefix.Contains(peer) {
				continue
			}
			if ip, err := netip.ParseAddr(r.Header.Get("X-Real-IP")); err == nil {
				return ip.Unmap().WithZone("")
			}
		}
		return peer
	}
}
