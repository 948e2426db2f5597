package bwstate

import (
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"
)

// An ArgumentError says that an operation was asked for with something it cannot take. Nothing was sent.
type ArgumentError struct {
	Name    string // of the argument or field
	Problem string
}

func (e *ArgumentError) Error() string { return "bwstate: " + e.Name + " " + e.Problem }

// A ValueError says that the store holds something under a key that does not belong there. It does not show the value.
type ValueError struct {
	What    string // such as "session"
	Problem string
}

func (e *ValueError) Error() string { return "bwstate: the stored " + e.What + " " + e.Problem }

// checkAddr refuses what no key can be made of. A zone is meaningless on another host.
func checkAddr(ip netip.Addr) error {
	switch {
	case !ip.IsValid():
		return &ArgumentError{Name: "ip", Problem: "is not an address"}
	case ip.Zone() != "":
		return &ArgumentError{Name: "ip", Problem: "has a zone: " + quoteShort(ip.String())}
	}
	return nil
}

// maxServiceSize is how long the name of a server can be, in bytes.
const maxServiceSize = 253

// checkScope refuses a service that would make a key that means something else: readers split keys at the last "_ip_".
func checkScope(scope Scope, service string) error {
	switch scope {
	case GlobalScope:
		return nil
	case ServiceScope:
	default:
		return &ArgumentError{Name: "Scope", Problem: "is neither global nor service: " + quoteShort(string(scope))}
	}
	switch {
	case service == "":
		return &ArgumentError{Name: "Service", Problem: "is empty, and the scope is a service"}
	case len(service) > maxServiceSize || strings.ContainsAny(service, " \t\r\n\x00") || !utf8.ValidString(service): // Python lists no bans beside a key that is not UTF-8
		return &ArgumentError{Name: "Service", Problem: "is not a server name"}
	}
	return nil
}

// maxTTL is what every server accepts: larger numbers of seconds overflow its milliseconds.
const maxTTL = 100 * 365 * 24 * time.Hour

// checkTTL refuses a lifetime that servers refuse, or that would delete the key.
func checkTTL(name string, ttl time.Duration) error {
	switch {
	case ttl < time.Second:
		return &ArgumentError{Name: name, Problem: "is shorter than a second: " + ttl.String()}
	case ttl > maxTTL:
		return &ArgumentError{Name: name, Problem: "is longer than a hundred years: " + ttl.String()}
	}
	return nil
}

// seconds rounds a lifetime up to what keys have in BunkerWeb.
func seconds(ttl time.Duration) int64 { return int64((ttl + time.Second - 1) / time.Second) }
