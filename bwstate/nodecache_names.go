package bwstate

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
)

// ReverseNames returns the names that the address has by DNS (PTR), and false when nobody has looked yet. Found, and no name, means that there was none.
// A value that is no list of texts is a [*ValueError].
func (c *NodeCache) ReverseNames(ctx context.Context, ip netip.Addr) (names []string, found bool, err error) {
	if err := checkAddr(ip); err != nil {
		return nil, false, err
	}
	return c.list(ctx, reverseNamesKey(ip))
}

// SetReverseNames writes what names an address has, for an hour; without any, for NegativeTTL. Do not write that there is none when the resolver could not be asked.
func (c *NodeCache) SetReverseNames(ctx context.Context, ip netip.Addr, names []string) error {
	if err := checkAddr(ip); err != nil {
		return err
	}
	for _, name := range names {
		if err := checkHost(name); err != nil {
			return err
		}
	}
	return c.setList(ctx, reverseNamesKey(ip), names)
}

// Addrs returns the addresses that a name has by DNS, and false when nobody has looked yet. Found, and no address, means that there was none. Nodes write IPv6 in full
// (2001:db8:0:0:0:0:0:1), which netip reads as any other spelling, so what is returned can be compared. It is not said whether IPv6 was asked for: that is
// the nodes' USE_IPV6.
func (c *NodeCache) Addrs(ctx context.Context, name string) (addrs []netip.Addr, found bool, err error) {
	if err := checkHost(name); err != nil {
		return nil, false, err
	}
	texts, found, err := c.list(ctx, addrsKey(name))
	for _, text := range texts {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return nil, false, &ValueError{What: "list", Problem: "holds something that is no address"}
		}
		addrs = append(addrs, addr)
	}
	return addrs, found, err
}

// SetAddrs writes what addresses a name has, those of IPv6 first, as nodes do, for an hour; without any, for NegativeTTL.
func (c *NodeCache) SetAddrs(ctx context.Context, name string, addrs []netip.Addr) error {
	if err := checkHost(name); err != nil {
		return err
	}
	var first, then []string
	for _, addr := range addrs {
		switch err := checkAddr(addr); {
		case err != nil:
			return err
		case addr.Is4():
			then = append(then, addr.String())
		default:
			first = append(first, inFull(addr))
		}
	}
	return c.setList(ctx, addrsKey(name), append(first, then...))
}

// inFull writes an IPv6 address as the nodes' resolver does: eight groups without leading zeros, none left out.
func inFull(addr netip.Addr) string {
	b := addr.As16()
	var text []byte
	for i := 0; i < len(b); i += 2 {
		if i > 0 {
			text = append(text, ':')
		}
		text = strconv.AppendUint(text, uint64(b[i])<<8|uint64(b[i+1]), 16)
	}
	return string(text)
}

// PortOpen returns whether a client has a port open, as the plugin that scans clients found out, and false for found when nobody has looked yet. Nodes refuse a client
// with an open port.
func (c *NodeCache) PortOpen(ctx context.Context, port netip.AddrPort) (open, found bool, err error) {
	if err := checkAddr(port.Addr()); err != nil {
		return false, false, err
	}
	v, found, err := c.Get(ctx, reverseScanKey(port))
	switch {
	case err != nil || !found:
		return false, false, err
	case v.Text == portOpen, v.Text == portClosed:
		return v.Text == portOpen, true, nil
	}
	return false, false, &ValueError{What: "port", Problem: "is neither open nor closed"}
}

// SetPortOpen writes whether a client has a port open, for a day.
func (c *NodeCache) SetPortOpen(ctx context.Context, port netip.AddrPort, open bool) error {
	if err := checkAddr(port.Addr()); err != nil {
		return err
	}
	text := portClosed
	if open {
		text = portOpen
	}
	return c.Set(ctx, reverseScanKey(port), text, portTTL)
}

// What nodes write of a port.
const (
	portOpen   = "open"
	portClosed = "close"
)

// list reads a list of texts. {} and [] are both one without any: nodes write the first.
func (c *NodeCache) list(ctx context.Context, key string) (texts []string, found bool, err error) {
	v, found, err := c.Get(ctx, key)
	if err != nil || !found {
		return nil, false, err
	}
	texts, ok := decodeList([]byte(v.Text))
	if !ok {
		return nil, false, &ValueError{What: "list", Problem: "is none of texts"}
	}
	return texts, true, nil
}

func decodeList(value []byte) (texts []string, ok bool) {
	if !json.Valid(value) {
		return nil, false
	}
	if none, isObject := items(value, '{'); isObject {
		_, some := none.next()
		return nil, !some
	}
	elements, ok := items(value, '[')
	for ok {
		item, more := elements.next()
		if !more {
			return texts, true
		}
		var text string
		if text, ok = jsonText(item); ok {
			texts = append(texts, text)
		}
	}
	return nil, false
}

func (c *NodeCache) setList(ctx context.Context, key string, texts []string) error {
	if len(texts) == 0 {
		return c.Set(ctx, key, "{}", c.negative)
	}
	var value bytes.Buffer
	e := json.NewEncoder(&value)
	e.SetEscapeHTML(false)
	_ = e.Encode(texts) // texts that checkHost let pass
	return c.Set(ctx, key, strings.TrimSuffix(value.String(), "\n"), namesTTL)
}

// checkHost refuses what is not the name of a host. DNS has room for 253 bytes, of nearly any kind.
func checkHost(name string) error {
	if name == "" || len(name) > 253 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '"' || r == '\\' || r == '\uFFFD' }) {
		return &ArgumentError{Name: "name", Problem: "is not the name of a host"}
	}
	return nil
}
