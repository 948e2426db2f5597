package harness

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// settleTimeout is for a failover with Sentinel's stock patience, which cannot be shortened in Redis 6, and
// for one that needs a second vote.
const settleTimeout = 90 * time.Second

// Master returns the server that is the master according to a Sentinel that answers now.
func (set *SentinelSet) Master() *Server {
	set.t.Helper()
	err := errors.New("no sentinel is up")
	for _, sentinel := range set.Sentinels {
		if !sentinel.c.up() {
			continue
		}
		var master *Server
		if master, err = set.masterOf(sentinel); err == nil {
			return master
		}
	}
	set.t.Fatalf("harness: master of %s: %v", set.Name, err)
	return nil
}

// Replicas returns the data servers that are not the master now, whether they are up or not.
func (set *SentinelSet) Replicas() []*Server {
	set.t.Helper()
	master := set.Master()
	var replicas []*Server
	for _, s := range set.Nodes {
		if s != master {
			replicas = append(replicas, s)
		}
	}
	return replicas
}

// WaitHealthy waits until the members that the test has not stopped, paused or cut off are in order: all
// Sentinels agree on a master that is up and says so itself, they have their quorum and find nothing wrong,
// and every other server replicates from that master. It returns that master.
func (set *SentinelSet) WaitHealthy() *Server {
	set.t.Helper()
	if err := set.settle(func() error { return set.health(nil) }); err != nil {
		set.t.Fatalf("harness: %s: %v", set.Name, err)
	}
	return set.Master()
}

// Failover makes the Sentinels promote a replica while the master is up, as an administrator would, waits
// until all is healthy again with the old master as a replica, and returns the new master.
func (set *SentinelSet) Failover() *Server {
	set.t.Helper()
	old := set.Master()
	sentinel, err := set.upSentinel()
	if err == nil {
		err = set.settle(func() error {
			if err := set.orderFailover(sentinel, old); err != nil {
				return err
			}
			return set.health(old)
		})
	}
	if err != nil {
		set.t.Fatalf("harness: %s: failover: %v", set.Name, err)
	}
	return set.Master()
}

// orderFailover returns nil when old is the master no longer, according to one Sentinel. It orders a
// failover from it, and orders again when that was refused (NOGOODSLAVE), given up, or undone by another: if
// a server is slow for a moment, Sentinel leaves it at that.
func (set *SentinelSet) orderFailover(sentinel, old *Server) error {
	reply, err := sentinel.ask("SENTINEL", "MASTER", set.Name)
	if err != nil {
		return err
	}
	view := fields(reply)
	if net.JoinHostPort(view["ip"], view["port"]) != old.InternalAddr() {
		return nil
	}
	// Sentinel drops the flag together with the old address, so this cannot order a second failover.
	if strings.Contains(view["flags"], "failover_in_progress") {
		return errors.New("it is still in progress")
	}
	if _, err := sentinel.ask("SENTINEL", "FAILOVER", set.Name); err != nil {
		return err
	}
	return errors.New("it has just been ordered")
}

// upSentinel returns a Sentinel that the verbs have left up.
func (set *SentinelSet) upSentinel() (*Server, error) {
	for _, sentinel := range set.Sentinels {
		if sentinel.c.up() {
			return sentinel, nil
		}
	}
	return nil, errors.New("no sentinel is up")
}

// settle polls check, and adds what the members have logged when that fails.
func (set *SentinelSet) settle(check func() error) error {
	err := poll(settleTimeout, 100*time.Millisecond, check)
	if err == nil {
		return nil
	}
	for _, s := range append(append([]*Server{}, set.Nodes...), set.Sentinels...) {
		err = s.explain(err)
	}
	return err
}

// health returns what is not in order, or nil when all is and the master is not old.
func (set *SentinelSet) health(old *Server) error {
	var master *Server
	for _, sentinel := range set.Sentinels {
		if !sentinel.c.up() {
			continue
		}
		m, err := set.masterOf(sentinel)
		if err != nil {
			return err
		}
		if master != nil && m != master {
			return fmt.Errorf("sentinels disagree: %s or %s", master.InternalAddr(), m.InternalAddr())
		}
		master = m
	}
	switch {
	case master == nil:
		return giveUp{errors.New("no sentinel is up")}
	case master == old:
		return errors.New("the master is still the old one")
	case !master.c.up():
		return errors.New("the master is down")
	}
	if err := set.replicating(master); err != nil {
		return err
	}
	for _, sentinel := range set.Sentinels {
		if !sentinel.c.up() {
			continue
		}
		if err := set.content(sentinel, master); err != nil {
			return fmt.Errorf("sentinel %s: %w", sentinel.InternalAddr(), err)
		}
	}
	return nil
}

// masterOf returns the master that one Sentinel knows.
func (set *SentinelSet) masterOf(sentinel *Server) (*Server, error) {
	reply, err := sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.Name)
	if err != nil {
		return nil, err
	}
	pair, _ := reply.([]any)
	if len(pair) != 2 {
		return nil, fmt.Errorf("no master is known: %v", reply)
	}
	addr := net.JoinHostPort(fmt.Sprint(pair[0]), fmt.Sprint(pair[1]))
	for _, s := range set.Nodes {
		if s.InternalAddr() == addr {
			return s, nil
		}
	}
	return nil, fmt.Errorf("the master %s is no member", addr)
}

// replicating asks the data servers themselves: master is one, and the others that are up are linked to it.
func (set *SentinelSet) replicating(master *Server) error {
	for _, s := range set.Nodes {
		if !s.c.up() {
			continue
		}
		reply, err := s.ask("ROLE")
		if err != nil {
			return err
		}
		role, _ := reply.([]any)
		text := fmt.Sprint(role)
		if s == master {
			if !strings.HasPrefix(text, "[master ") {
				return fmt.Errorf("%s should be master, and has the role %s", s.InternalAddr(), text)
			}
			continue
		}
		ip, port, _ := net.SplitHostPort(master.InternalAddr())
		if !strings.HasPrefix(text, fmt.Sprintf("[slave %s %s connected ", ip, port)) {
			return fmt.Errorf("%s should replicate from %s, and has the role %s", s.InternalAddr(), master.InternalAddr(), text)
		}
	}
	return nil
}

// content asks one Sentinel whether it knows the others, has its quorum and finds nothing wrong.
func (set *SentinelSet) content(sentinel, master *Server) error {
	w, err := sentinel.dial()
	if err != nil {
		return err
	}
	defer w.close()
	reply, err := w.do("SENTINEL", "MASTER", set.Name)
	if err != nil {
		return err
	}
	view := fields(reply)
	if view["flags"] != "master" {
		return fmt.Errorf("the master is %s", view["flags"])
	}
	if others := fmt.Sprint(len(set.Sentinels) - 1); view["num-other-sentinels"] != others {
		return fmt.Errorf("it knows %s other sentinels of %s", view["num-other-sentinels"], others)
	}
	if _, err := w.do("SENTINEL", "CKQUORUM", set.Name); err != nil {
		return err
	}
	info, err := w.do("INFO", "sentinel")
	if err != nil {
		return err
	}
	if !strings.Contains(fmt.Sprint(info), "sentinel_tilt:0") {
		return errors.New("it is in TILT mode")
	}
	return set.knowsReplicas(w, master)
}

// knowsReplicas asks a Sentinel whether all replicas that are up follow master.
func (set *SentinelSet) knowsReplicas(w *wire, master *Server) error {
	reply, err := w.do("SENTINEL", "REPLICAS", set.Name)
	if err != nil {
		return err
	}
	list, _ := reply.([]any)
	good := make(map[string]bool)
	for _, entry := range list {
		replica := fields(entry)
		addr := net.JoinHostPort(replica["ip"], replica["port"])
		of := net.JoinHostPort(replica["master-host"], replica["master-port"])
		good[addr] = replica["flags"] == "slave" && replica["master-link-status"] == "ok" && of == master.InternalAddr()
	}
	for _, s := range set.Nodes {
		if s != master && s.c.up() && !good[s.InternalAddr()] {
			return fmt.Errorf("replica %s: unknown or not linked", s.InternalAddr())
		}
	}
	return nil
}
