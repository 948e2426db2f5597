package redistest

import "strings"

// masterFields describe the master as SENTINEL MASTER does.
func (s *Sentinel) masterFields() fields {
	says := s.saysLocked()
	if f := s.leads(); f != nil && f.confirmed && s.lie == nil {
		says.epoch = f.epoch
	}
	n := s.set.node(says.addr)
	f := s.head(s.set.cfg.Master, says.addr, idOf(n), s.masterFlags(n))
	if led := s.leads(); led != nil {
		f = append(f, "failover-state", led.state)
	}
	down := s.downSince(n)
	if s.odown {
		down = append(down, "o-down-time", "1")
	}
	f = append(f, s.pings(down)...)
	f = append(f, "info-refresh", "100", "role-reported", "master", "role-reported-time", "100")
	return append(f,
		"config-epoch", number(says.epoch),
		"num-slaves", number(len(s.set.Nodes)-1),
		"num-other-sentinels", number(s.others()),
		"quorum", number(s.set.cfg.Quorum),
		"failover-timeout", number(s.set.cfg.FailoverTimeout.Milliseconds()),
		"parallel-syncs", "1")
}

func (s *Sentinel) masterFlags(n *Node) string {
	flags := []string{"master"}
	if n != nil && s.sdown[n] {
		flags = []string{"s_down", "master", "disconnected"}
		if s.odown {
			flags = []string{"s_down", "o_down", "master", "disconnected"}
		}
	}
	if f := s.leads(); f != nil {
		flags = append(flags, "failover_in_progress")
		if f.forced {
			flags = append(flags, "force_failover")
		}
	}
	return strings.Join(flags, ",")
}

// replicaFields describe a node as SENTINEL REPLICAS does. A real sentinel knows some of it from INFO, up to ten seconds late; here it is as it is.
func (s *Sentinel) replicaFields(n *Node) fields {
	host, port := s.set.announced(n.addr)
	flags := "slave"
	if s.sdown[n] {
		flags = "s_down,slave,disconnected"
	}
	if f := s.leads(); f != nil && f.promoted == n {
		flags += ",promoted"
	}
	masterHost, masterPort, link, offset := "?", "0", "err", int64(0)
	if n.master != nil {
		masterHost, masterPort = s.set.announced(n.master.addr)
		offset = n.offset
		if n.linkState() == "connected" {
			link = "ok"
		}
	}
	f := append(s.head(host+":"+port, n.addr, n.id, flags), s.pings(s.downSince(n))...)
	return append(f,
		"info-refresh", "100", "role-reported", n.roleLocked(), "role-reported-time", "100",
		"master-link-down-time", "0", "master-link-status", link,
		"master-host", masterHost, "master-port", masterPort,
		"slave-priority", "100", "slave-repl-offset", number(offset), "replica-announced", "1")
}

// sentinelFields describe a sentinel as SENTINEL SENTINELS does.
func (s *Sentinel) sentinelFields(addr, id string, reachable bool) fields {
	flags, down := "sentinel", fields(nil)
	if !reachable {
		flags, down = "s_down,sentinel,disconnected", fields{"s-down-time", "1000"}
	}
	f := append(s.head(id, addr, id, flags), s.pings(down)...)
	return append(f, "last-hello-message", "100", "voted-leader", "?", "voted-leader-epoch", "0")
}

func (s *Sentinel) head(name, addr, id, flags string) fields {
	host, port := s.set.announced(addr)
	return fields{"name", name, "ip", host, "port", port, "runid", id, "flags", flags, "link-pending-commands", "0", "link-refcount", "1"}
}

// pings are what a sentinel tells of its own questions; the numbers mean nothing here.
func (s *Sentinel) pings(down fields) fields {
	f := append(fields{"last-ping-sent", "0", "last-ok-ping-reply", "100", "last-ping-reply", "100"}, down...)
	return append(f, "down-after-milliseconds", number(s.set.cfg.DownAfter.Milliseconds()))
}

func (s *Sentinel) downSince(n *Node) fields {
	if n != nil && s.sdown[n] {
		return fields{"s-down-time", "1000"}
	}
	return nil
}

// node returns the node at addr, or nil.
func (s *Set) node(addr string) *Node {
	for _, n := range s.Nodes {
		if n.addr == addr {
			return n
		}
	}
	return nil
}

func idOf(n *Node) string {
	if n == nil {
		return ""
	}
	return n.id
}
