package nodeapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bwredis/bwredis/bwstate"
)

// reservedServices are names that nodes take for no service: a ban on one of them they would make a global one.
var reservedServices = []string{"unknown", "Web UI", "bwcli", "default server", ""}

// Ping asks every node for a sign of life.
func (c *Client) Ping(ctx context.Context) error {
	return c.tell(ctx, "ping", http.MethodGet, "/ping", nil)
}

// PingRedis lets every node ask its Redis for a sign of life.
func (c *Client) PingRedis(ctx context.Context) error {
	return c.tell(ctx, "ping of Redis", http.MethodPost, "/redis/ping", nil)
}

// tell asks all nodes for something that is done or not.
func (c *Client) tell(ctx context.Context, op, method, path string, body any) error {
	return errors.Join(c.tellEach(ctx, op, method, path, body)...)
}

func (c *Client) tellEach(ctx context.Context, op, method, path string, body any) []error {
	return c.each(ctx, func(ctx context.Context, _ int, node string) error {
		_, err := c.call(ctx, node, op, method, path, body, maxAnswer)
		return err
	})
}

type banBody struct {
	IP      string `json:"ip"`
	Exp     int64  `json:"exp"`
	Reason  string `json:"reason"`
	Service string `json:"service"`
	Scope   string `json:"ban_scope"`
}

// Ban lets every node set a ban, in its own memory and in Redis. Date and country are the node's own, and Data is not sent. [bwstate.State.AddBan] is enough where all
// nodes use the same Redis: they act on it with the next request.
//
// The address is sent as nodes write it, because a node takes any other spelling too and then bans nobody.
func (c *Client) Ban(ctx context.Context, b bwstate.Ban) error {
	body := banBody{IP: b.IP.String(), Reason: b.Reason, Service: b.Service, Scope: string(b.Scope)}
	switch {
	case b.Scope == "":
		body.Scope = string(bwstate.GlobalScope)
	case b.Scope != bwstate.GlobalScope && b.Scope != bwstate.ServiceScope:
		return &bwstate.ArgumentError{Name: "Scope", Problem: "is neither global nor service"}
	}
	if err := checkTarget(b.IP, b.Service, b.Scope == bwstate.ServiceScope); err != nil {
		return err
	}
	if body.Service == "" {
		body.Service = "unknown"
	}
	if !b.Permanent {
		switch {
		case b.Remaining < time.Second:
			return &bwstate.ArgumentError{Name: "Remaining", Problem: "is shorter than a second: " + b.Remaining.String()}
		case b.Remaining > 100*365*24*time.Hour:
			return &bwstate.ArgumentError{Name: "Remaining", Problem: "is longer than a hundred years: " + b.Remaining.String()}
		}
		body.Exp = int64((b.Remaining + time.Second - 1) / time.Second)
	}
	return c.tell(ctx, "ban", http.MethodPost, "/ban", body)
}

type unbanBody struct {
	IP      string `json:"ip"`
	Scope   string `json:"ban_scope"`
	Service string `json:"service,omitempty"`
}

// Unban lets every node lift the ban of ip on a service; with an empty service, the global one and those of all services in the node's memory. Nodes delete the
// same bans in Redis. What else is in Redis, and counts of bad behaviour, stay: see [Client.UnbanEverywhere].
func (c *Client) Unban(ctx context.Context, ip netip.Addr, service string) error {
	errs, err := c.unbanEach(ctx, ip, service)
	return errors.Join(append(errs, err)...)
}

func (c *Client) unbanEach(ctx context.Context, ip netip.Addr, service string) ([]error, error) {
	if err := checkTarget(ip, service, service != ""); err != nil {
		return nil, err
	}
	body := unbanBody{IP: ip.String(), Scope: string(bwstate.GlobalScope), Service: service}
	if service != "" {
		body.Scope = string(bwstate.ServiceScope)
	}
	return c.tellEach(ctx, "unban", http.MethodPost, "/unban", body), nil
}

// checkTarget refuses what a node would refuse, or take for something else.
func checkTarget(ip netip.Addr, service string, ofService bool) error {
	switch {
	case !ip.IsValid():
		return &bwstate.ArgumentError{Name: "ip", Problem: "is not an address"}
	case ip.Zone() != "":
		return &bwstate.ArgumentError{Name: "ip", Problem: "has a zone"}
	case ofService && slices.Contains(reservedServices, service):
		return &bwstate.ArgumentError{Name: "Service", Problem: "is a name that nodes take for no service, and the ban for a global one"}
	case ofService && (len(service) > 253 || strings.ContainsAny(service, " \t\r\n\x00") || !utf8.ValidString(service)):
		return &bwstate.ArgumentError{Name: "Service", Problem: "is not a server name"}
	}
	return nil
}

// NodeBans are the bans in one node's memory: those it set itself, and those it read from Redis in the last 30 seconds.
type NodeBans struct {
	Node    string
	Bans    []bwstate.Ban // without Data; Remaining is in whole seconds, 0 in the last one
	Skipped int           // entries without an address
	Err     error         // why there is no list; an *Error
}

// Bans asks every node for the bans in its memory. There is one element for each node; the error is that of all nodes that gave no list.
func (c *Client) Bans(ctx context.Context) ([]NodeBans, error) {
	lists := make([]NodeBans, len(c.nodes))
	errs := c.each(ctx, func(ctx context.Context, i int, node string) error {
		a, err := c.call(ctx, node, "list of bans", http.MethodGet, "/bans", nil, maxList)
		lists[i] = NodeBans{Node: node, Err: err}
		if err == nil {
			lists[i].read(a)
		}
		return err
	})
	return lists, errors.Join(errs...)
}

// read takes the list. Nodes without bans may have none, and msg holds a list where there is no data.
func (l *NodeBans) read(a answer) {
	var entries []json.RawMessage
	if json.Unmarshal(a.Data, &entries) != nil {
		_ = json.Unmarshal(a.Msg, &entries)
	}
	for _, entry := range entries {
		if b, ok := readBan(entry); ok {
			l.Bans = append(l.Bans, b)
		} else {
			l.Skipped++
		}
	}
}

// readBan leaves out what is not of its type: nodes pass on what is in their memory.
func readBan(entry json.RawMessage) (b bwstate.Ban, ok bool) {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(entry, &fields)
	text := func(name string) (s string) {
		_ = json.Unmarshal(fields[name], &s)
		return s
	}
	ip, service := text("ip"), text("service")
	b.Scope = bwstate.GlobalScope
	if text("ban_scope") == string(bwstate.ServiceScope) {
		b.Scope = bwstate.ServiceScope
	}
	// A node splits keys at the first "_ip_", although a service's name may hold that too.
	if at := strings.LastIndex(ip, "_ip_"); at >= 0 {
		ip, service = ip[at+len("_ip_"):], service+"_ip_"+ip[:at]
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil || addr.Zone() != "" {
		return bwstate.Ban{}, false
	}
	b.IP, b.Service, b.Reason, b.Country = addr, service, text("reason"), text("country")
	_ = json.Unmarshal(fields["permanent"], &b.Permanent)
	const most = 253402300799 // the end of the year 9999
	var date, exp float64
	if json.Unmarshal(fields["date"], &date) == nil && date > 0 && date <= most {
		b.Date = time.Unix(int64(date), 0)
	}
	if json.Unmarshal(fields["exp"], &exp) == nil && exp > 0 && !b.Permanent {
		b.Remaining = time.Duration(min(exp, 9e9)) * time.Second
	}
	return b, true
}
