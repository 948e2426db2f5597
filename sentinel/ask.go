package sentinel

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// Resolve asks all sentinels at once for the address of a server with that role and returns the first answer, ready to be dialled. When ctx ends it
// returns at once. Every error is a [*ResolveError].
func (r *Resolver) Resolve(ctx context.Context, role Role) (addr string, err error) {
	type answer struct {
		from int
		addr string
		err  error
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the slower ones
	answers := make(chan answer, len(r.cfg.Addrs))
	for i, sentinel := range r.cfg.Addrs {
		go func() {
			addr, err := r.ask(ctx, sentinel, role)
			answers <- answer{i, addr, err}
		}()
	}
	failed := &ResolveError{Master: r.cfg.Master, Role: role, Errs: make([]error, len(r.cfg.Addrs))}
	for range r.cfg.Addrs {
		select {
		case a := <-answers:
			if a.err == nil {
				return r.reach(a.addr), nil
			}
			failed.Errs[a.from] = &askError{r.cfg.Addrs[a.from], a.err}
		case <-ctx.Done():
			return "", r.unanswered(failed, ctx.Err())
		}
	}
	return "", failed
}

// unanswered puts cause where a sentinel has not answered yet.
func (r *Resolver) unanswered(failed *ResolveError, cause error) *ResolveError {
	for i, err := range failed.Errs {
		if err == nil {
			failed.Errs[i] = &askError{r.cfg.Addrs[i], fmt.Errorf("has not answered yet: %w", cause)}
		}
	}
	return failed
}

// An askError is what happened to the question to one sentinel. It puts its text together when it is asked to, so that whoever dials may explain the
// cause.
type askError struct {
	sentinel string
	err      error
}

func (e *askError) Error() string { return e.sentinel + ": " + e.err.Error() }
func (e *askError) Unwrap() error { return e.err }

func (r *Resolver) reach(announced string) string {
	if r.cfg.Reach == nil {
		return announced
	}
	return r.cfg.Reach(announced)
}

var (
	errUnknownMaster = errors.New("does not know that master")
	errNoReplica     = errors.New("knows no replica in good health")
	errStrange       = errors.New("answers with something else than a host and a port")
)

// question is what to ask a sentinel, and how to read its answer.
func (r *Resolver) question(q *resp.Request, role Role) (read func(*resp.Reply) (addr string, err error), err error) {
	switch role {
	case Master:
		q.Cmd("SENTINEL").Str("GET-MASTER-ADDR-BY-NAME").Str(r.cfg.Master)
		return readMaster, nil
	case Replica:
		q.Cmd("SENTINEL").Str("SLAVES").Str(r.cfg.Master) // REPLICAS is not known before Redis 5
		return readReplicas, nil
	}
	return nil, fmt.Errorf("there is no role %q", string(role))
}

// ask asks one sentinel.
func (r *Resolver) ask(ctx context.Context, sentinel string, role Role) (addr string, err error) {
	bounded, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	addr, err = r.askWithin(bounded, sentinel, role)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no answer within %v: %w", r.cfg.Timeout, err)
	}
	return addr, err
}

func (r *Resolver) askWithin(ctx context.Context, sentinel string, role Role) (addr string, err error) {
	var q resp.Request
	read, err := r.question(&q, role)
	if err != nil {
		return "", err
	}
	c, err := r.dialer.Dial(ctx, "tcp", sentinel)
	if err != nil {
		return "", err
	}
	defer c.Close()
	err = c.RoundTrip(ctx, &q, resp.HandlerFunc(func(_ int, reply *resp.Reply) error {
		err := reply.Err()
		if err == nil {
			addr, err = read(reply)
		}
		return err
	}))
	return addr, err
}

// readMaster reads the pair of host and port, or the null that stands for an unknown name.
func readMaster(r *resp.Reply) (string, error) {
	if r.Null() {
		return "", errUnknownMaster
	}
	n := r.Array()
	host, port := r.Text(), r.Text()
	switch err := r.Err(); {
	case err != nil && n == 0:
		return "", err // not an array
	case err != nil || n != 2 || !isAddr(host, port):
		return "", errStrange
	}
	return net.JoinHostPort(host, port), nil
}

// isAddr refuses what would be dialled as another address than the one that is meant: no host is this host.
func isAddr(host, port string) bool {
	n, err := strconv.ParseUint(port, 10, 16)
	return host != "" && err == nil && n > 0
}

// readReplicas returns the first replica that its sentinel believes to be well and in touch with the master.
func readReplicas(r *resp.Reply) (addr string, err error) {
	for n := r.Array(); n > 0 && r.Err() == nil; n-- {
		var host, port, flags, link string
		for pairs := r.Pairs(); pairs > 0; pairs-- {
			switch r.Text() {
			case "ip":
				host = r.Text()
			case "port":
				port = r.Text()
			case "flags":
				flags = r.Text()
			case "master-link-status":
				link = r.Text()
			default:
				r.Skip()
			}
		}
		well := link == "ok" && !strings.Contains(flags, "down") && !strings.Contains(flags, "disconnected")
		if addr == "" && well && isAddr(host, port) {
			addr = net.JoinHostPort(host, port)
		}
	}
	if err := r.Err(); err != nil {
		return "", err
	}
	if addr == "" {
		return "", errNoReplica
	}
	return addr, nil
}
