package sentinel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/conn"
	"github.com/bwredis/bwredis/resp"
)

// An opinion is what one sentinel says.
type opinion struct {
	from    *member
	addr    string // of the server that has the role, reachable
	epoch   uint64 // of the configuration that says so; 0 when the sentinel did not tell
	frank   bool   // it tells whether it leads a failover
	failing bool   // and it does
	early   bool   // it leads one, or would like to, and has promoted nobody yet
	down    bool   // it has agreed with others that the master is down
	err     error  // not nil: no opinion
}

// ask asks one sentinel.
func (r *Resolver) ask(ctx context.Context, m *member, role Role) opinion {
	bounded, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	o := opinion{from: m}
	o.err = r.askWithin(bounded, m, func(ctx context.Context, c *conn.Conn) error {
		if role == Replica {
			return r.askReplicas(ctx, c, &o)
		}
		return r.askMaster(ctx, c, &o)
	})
	if o.err != nil && bounded.Err() != nil && ctx.Err() == nil {
		o.err = fmt.Errorf("no answer within %v: %w", r.cfg.Timeout, o.err)
	}
	return o
}

// askWithin puts a question over the watch's connection, and over one of its own where there is none or it turns out to be dead.
func (r *Resolver) askWithin(ctx context.Context, m *member, question func(context.Context, *conn.Conn) error) error {
	if c := r.conn(m); c != nil {
		err := question(ctx, c)
		if err == nil || c.Err() == nil || ctx.Err() != nil {
			return err
		}
	}
	c, err := r.dialer.Dial(ctx, "tcp", m.addr)
	if err != nil {
		return err
	}
	defer c.Close()
	return question(ctx, c)
}

// askMaster asks for all that a sentinel knows of the master. Where it does not say, because the user has not the right, or is no sentinel, it asks for
// the address alone.
func (r *Resolver) askMaster(ctx context.Context, c *conn.Conn, o *opinion) error {
	if r.brief(o.from) {
		return r.askAddr(ctx, c, o)
	}
	err := ask(ctx, c, func(q *resp.Request) { q.Cmd("SENTINEL").Str("MASTER").Str(r.cfg.Master) }, func(reply *resp.Reply) error {
		i, err := readInstance(reply)
		if err != nil {
			return err
		}
		return r.read(i, o)
	})
	if err == nil || errors.Is(err, errNowhere) || isFailure(err) {
		return err
	}
	r.keepBrief(o.from)
	return r.askAddr(ctx, c, o)
}

func (r *Resolver) askAddr(ctx context.Context, c *conn.Conn, o *opinion) error {
	return ask(ctx, c, func(q *resp.Request) { q.Cmd("SENTINEL").Str("GET-MASTER-ADDR-BY-NAME").Str(r.cfg.Master) }, func(reply *resp.Reply) error {
		i, err := readAddr(reply)
		if err != nil {
			return err
		}
		return r.read(i, o)
	})
}

// askReplicas asks for a replica that the sentinel believes to be well and in touch with the master: any of them, so that load spreads.
func (r *Resolver) askReplicas(ctx context.Context, c *conn.Conn, o *opinion) error {
	return ask(ctx, c, func(q *resp.Request) { q.Cmd("SENTINEL").Str("SLAVES").Str(r.cfg.Master) }, func(reply *resp.Reply) error { // REPLICAS is not known before Redis 5
		replicas, err := readInstances(reply)
		if err != nil {
			return err
		}
		replicas = slices.DeleteFunc(replicas, func(i instance) bool { return i.link != "ok" || i.down() })
		if len(replicas) == 0 {
			return errNoReplica
		}
		return r.read(replicas[pick(len(replicas))], o)
	})
}

// read turns what a sentinel says of a server into an opinion.
func (r *Resolver) read(i instance, o *opinion) error {
	if !i.hasAddr() {
		return errStrange
	}
	o.addr = r.reach(i.addr())
	if o.addr == "" {
		return fmt.Errorf("%s: %w", i.addr(), errNowhere)
	}
	o.epoch, o.frank, o.down = i.epoch, i.flags != "", strings.Contains(i.flags, "o_down")
	switch leads := slices.Contains(strings.Split(i.flags, ","), "failover_in_progress"); {
	case !leads:
	case i.step == "wait_start": // it would like to
		o.early = true
	case i.step == "select_slave", i.step == "send_slaveof_noone":
		o.failing, o.early = true, true
	default:
		o.failing = true
	}
	return nil
}

// ask sends one command and reads its reply.
func ask(ctx context.Context, c *conn.Conn, question func(*resp.Request), read func(*resp.Reply) error) error {
	var q resp.Request
	question(&q)
	q.MarkReadOnly()
	return c.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, reply *resp.Reply) error {
		if e := reply.ErrorReply(); e != nil {
			return e
		}
		return read(reply)
	}))
}

// isFailure reports whether err is of the connection or of a context, so that another question would be of no use.
func isFailure(err error) bool {
	var e *conn.Error
	var broken *resp.SyntaxError
	return errors.As(err, &e) || errors.As(err, &broken)
}

// An instance is what a sentinel says of a server, or of another sentinel.
type instance struct {
	host, port string
	flags      string
	link       string // of a replica to its master
	id         string
	step       string // of the failover that the sentinel leads
	epoch      uint64
}

// addr is the address in one spelling, so that it can be compared.
func (i instance) addr() string {
	host := i.host
	if ip, err := netip.ParseAddr(host); err == nil {
		host = ip.Unmap().String()
	}
	port, _ := strconv.ParseUint(i.port, 10, 16)
	return net.JoinHostPort(host, strconv.FormatUint(port, 10))
}

// hasAddr refuses what would be dialled as another address than the one that is meant, no host or an unspecified one is this host, and what would forge lines in a log.
func (i instance) hasAddr() bool {
	n, err := strconv.ParseUint(i.port, 10, 16)
	ip, notIP := netip.ParseAddr(i.host)
	strange := strings.ContainsFunc(i.host, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '[' || r == ']' })
	thisHost := i.host == "" || i.host == "0" || notIP == nil && ip.Unmap().WithZone("").IsUnspecified()
	return !thisHost && err == nil && n > 0 && !strange
}

func (i instance) down() bool {
	return strings.Contains(i.flags, "down") || strings.Contains(i.flags, "disconnected")
}

// readAddr reads the pair of host and port, or the null that stands for an unknown name.
func readAddr(r *resp.Reply) (i instance, err error) {
	if r.Null() {
		return i, errUnknownMaster
	}
	n := r.Array()
	i.host, i.port = r.Text(), r.Text()
	switch err := r.Err(); {
	case err != nil && n == 0:
		return i, err // not an array
	case err != nil || n != 2:
		return i, errStrange
	}
	return i, nil
}

// mostInstances is how many servers of a list are looked at.
const mostInstances = 1000

// readInstances reads a list of servers, and keeps those that have an address.
func readInstances(r *resp.Reply) (all []instance, err error) {
	for n := min(r.Array(), mostInstances); n > 0 && r.Err() == nil; n-- {
		i, err := readInstance(r)
		if err != nil {
			return nil, err
		}
		if i.hasAddr() {
			all = append(all, i)
		}
	}
	return all, r.Err()
}

func readInstance(r *resp.Reply) (i instance, err error) {
	for pairs := r.Pairs(); pairs > 0 && r.Err() == nil; pairs-- {
		switch r.Text() {
		case "ip":
			i.host = r.Text()
		case "port":
			i.port = r.Text()
		case "flags":
			i.flags = r.Text()
		case "master-link-status":
			i.link = r.Text()
		case "runid":
			i.id = r.Text()
		case "failover-state":
			i.step = r.Text()
		case "config-epoch":
			if n, err := strconv.ParseUint(r.Text(), 10, 64); err == nil {
				i.epoch = n
			}
		default:
			r.Skip()
		}
	}
	return i, r.Err()
}
