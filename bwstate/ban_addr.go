package bwstate

import (
	"net/netip"
	"strings"
)

// ParseBanAddr reads an address that somebody typed, as the nodes' nginx writes it: white space around it and brackets are dropped, letters are small, and an IPv4
// address in an IPv6 one (::ffff:192.0.2.1), which is how programs that listen on both name an IPv4 client, becomes the IPv4 address that nodes see. A ban under
// any other text of the same address would match nobody.
//
// Bans are of single addresses: networks, names, countries and zones are refused with an [*ArgumentError]. Those are for BunkerWeb's blacklist, greylist and country
// plugins. The obsolete IPv4-compatible addresses (::192.0.2.1), which nobody has, nginx writes in another way.
func ParseBanAddr(text string) (netip.Addr, error) {
	text = strings.TrimSpace(text)
	if len(text) > 2 && text[0] == '[' && text[len(text)-1] == ']' {
		text = text[1 : len(text)-1]
	}
	if strings.Contains(text, "/") {
		return netip.Addr{}, &ArgumentError{Name: "ip", Problem: "is a network, and bans are of single addresses: " + quoteShort(text)}
	}
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, &ArgumentError{Name: "ip", Problem: "is not an address: " + quoteShort(text)}
	}
	ip = ip.Unmap()
	return ip, checkAddr(ip)
}
