package sentinels

import (
	"context"
	"fmt"
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// complete asks whether everybody knows everybody.
func (s *Set) complete(ctx context.Context) error {
	for _, n := range s.Sentinels {
		if err := n.ready(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Following asks whether a node is a replica that has everything.
func (n *Node) Following(ctx context.Context) error {
	v, err := n.Do(ctx, "INFO", "replication")
	if err != nil {
		return err
	}
	text, err := v.Text()
	if err == nil && !strings.Contains(text, "master_link_status:up") {
		err = fmt.Errorf("%s: the link to the master is not up", n.Addr)
	}
	return err
}

// ready asks whether a sentinel knows the other sentinels, and a replica that can be promoted.
func (n *Node) ready(ctx context.Context) error {
	v, err := n.Do(ctx, "SENTINEL", "MASTER", Master)
	if err != nil {
		return err
	}
	known := fields(v)
	if known["flags"] != "master" || known["num-slaves"] != "1" || known["num-other-sentinels"] != fmt.Sprint(Count-1) {
		return fmt.Errorf("%s: flags %s, %s replicas, %s other sentinels", n.Addr, known["flags"], known["num-slaves"], known["num-other-sentinels"])
	}
	v, err = n.Do(ctx, "SENTINEL", "REPLICAS", Master)
	if err != nil {
		return err
	}
	for replica := range v.All() {
		if known := fields(replica); known["flags"] != "slave" || known["master-link-status"] != "ok" {
			return fmt.Errorf("%s: the replica has flags %s and a link that is %s", n.Addr, known["flags"], known["master-link-status"])
		}
	}
	return nil
}

// fields are the names and values of a map, as texts.
func fields(v resp.Value) map[string]string {
	all := map[string]string{}
	for name, value := range v.Pairs() {
		k, _ := name.Text()
		all[k], _ = value.Text()
	}
	return all
}
