package redistest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// A question is a subcommand of SENTINEL with the number of its arguments, both names included.
type question struct {
	args   int
	answer func(*Sentinel, *Session, []string)
}

var questions = map[string]question{
	"CKQUORUM":                {3, (*Sentinel).checkQuorum},
	"FAILOVER":                {3, (*Sentinel).failoverReply},
	"GET-MASTER-ADDR-BY-NAME": {3, (*Sentinel).masterAddr},
	"MASTER":                  {3, (*Sentinel).masterReply},
	"MASTERS":                 {2, (*Sentinel).mastersReply},
	"MYID":                    {2, (*Sentinel).myID},
	"REPLICAS":                {3, (*Sentinel).replicasReply},
	"SENTINELS":               {3, (*Sentinel).sentinelsReply},
	"SLAVES":                  {3, (*Sentinel).replicasReply},
}

// ask is SENTINEL.
func (s *Sentinel) ask(_ *redis, c *Session, args []string) {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	sub := strings.ToUpper(args[1])
	q, known := questions[sub]
	switch {
	case !known:
		c.Error(fmt.Sprintf("ERR unknown subcommand '%.128s'. Try SENTINEL HELP.", args[1]))
	case len(args) != q.args:
		c.Error(wrongArity("sentinel|" + sub))
	case q.args == 3 && sub != "GET-MASTER-ADDR-BY-NAME" && !s.knows(args[2]):
		c.Error("ERR No such master with that name")
	default:
		q.answer(s, c, args)
	}
}

func (s *Sentinel) knows(name string) bool { return name == s.set.cfg.Master && !s.forgets }

func (s *Sentinel) roleReply(_ *redis, c *Session, _ []string) {
	s.set.mu.Lock()
	defer s.set.mu.Unlock()
	c.Array(2)
	c.Bulk("sentinel")
	if s.forgets {
		c.Array(0)
		return
	}
	c.Array(1)
	c.Bulk(s.set.cfg.Master)
}

func (s *Sentinel) myID(c *Session, _ []string) { c.Bulk(s.id) }

// masterAddr names the promoted node as soon as the leader has seen it be a master, before any +switch-master.
func (s *Sentinel) masterAddr(c *Session, args []string) {
	if !s.knows(args[2]) {
		c.add(resp.AppendNullArray)
		return
	}
	addr := s.saysLocked().addr
	if f := s.leads(); f != nil && f.confirmed && s.lie == nil {
		addr = f.promoted.addr
	}
	host, port := s.set.announced(addr)
	c.Array(2)
	c.Bulk(host)
	c.Bulk(port)
}

// leads returns the failover that the sentinel leads.
func (s *Sentinel) leads() *failover {
	if f := s.set.failover; f != nil && f.leader == s {
		return f
	}
	return nil
}

func (s *Sentinel) failoverReply(c *Session, _ []string) {
	if msg := s.failoverLocked(); msg != "" {
		c.Error(msg)
		return
	}
	c.Simple("OK")
}

func (s *Sentinel) checkQuorum(c *Session, _ []string) {
	usable := len(s.set.usableLocked())
	if !s.reachable() {
		usable++ // it counts itself
	}
	problems := ""
	if usable < s.set.cfg.Quorum {
		problems += ". Not enough available Sentinels to reach the specified quorum for this master"
	}
	if usable < (s.others()+1)/2+1 {
		problems += ". Not enough available Sentinels to reach the majority and authorize a failover"
	}
	if problems != "" {
		c.Error(fmt.Sprintf("NOQUORUM %d usable Sentinels%s", usable, problems))
		return
	}
	c.Simple(fmt.Sprintf("OK %d usable Sentinels. Quorum and failover authorization can be reached", usable))
}

// others returns how many other sentinels this one knows.
func (s *Sentinel) others() int { return len(s.set.Sentinels) - 1 + len(s.set.ghosts) }

func (s *Sentinel) masterReply(c *Session, _ []string) { s.masterFields().write(c) }

func (s *Sentinel) mastersReply(c *Session, _ []string) {
	if s.forgets {
		c.Array(0)
		return
	}
	c.Array(1)
	s.masterFields().write(c)
}

func (s *Sentinel) replicasReply(c *Session, _ []string) {
	replicas := make([]*Node, 0, len(s.set.Nodes))
	for _, n := range s.set.Nodes {
		if n.addr != s.saysLocked().addr {
			replicas = append(replicas, n)
		}
	}
	c.Array(len(replicas))
	for _, n := range replicas {
		s.replicaFields(n).write(c)
	}
}

func (s *Sentinel) sentinelsReply(c *Session, _ []string) {
	c.Array(s.others())
	for _, other := range s.set.Sentinels {
		if other != s {
			s.sentinelFields(other.addr, other.id, other.reachable()).write(c)
		}
	}
	for i, addr := range s.set.ghosts {
		s.sentinelFields(addr, fmt.Sprintf("%040x", 0xd000+i), false).write(c)
	}
}

// fields are the names and values that describe one instance, in turn.
type fields []string

func (f fields) write(c *Session) {
	c.Map(len(f) / 2)
	for _, s := range f {
		c.Bulk(s)
	}
}

func number[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
