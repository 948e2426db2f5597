package sentinel

import (
	"strings"

	"github.com/bwredis/bwredis/resp"
)

// A sentinel publishes what happens on a channel of that name. These are what a watch subscribes to, by what they mean to it.
//
// Only the sentinel that leads a failover tells of its steps. It tells of those in front of the promotion at least a turn of its clock ahead, a tenth of a second
// (sentinel.c: sentinelFailoverStateMachine does one step a turn). Before it is elected (+try-failover) it only would like to.
var channels = map[string]meaning{
	"+switch-master": switched,

	"+try-failover":                      trying,
	"+elected-leader":                    failing,
	"+failover-state-select-slave":       failing,
	"+selected-slave":                    failing,
	"+failover-state-send-slaveof-noone": failing,
	"+failover-state-wait-promotion":     promoting,
	"+promoted-slave":                    promoting,
	"+failover-state-reconf-slaves":      promoting,
	"-failover-abort-no-good-slave":      ended,
	"-failover-abort-not-elected":        ended,
	"-failover-abort-slave-timeout":      ended,
	"+failover-end":                      changed,
	"+failover-end-for-timeout":          changed,
	"+odown":                             dead,
	"-odown":                             alive,
	"+config-update-from":                changed,
	"+sentinel":                          changed,
}

// A meaning is what an event says to a watch.
type meaning byte

const (
	switched  meaning = iota + 1 // there is a new master
	trying                       // a sentinel would like to lead a failover
	failing                      // a failover is under way, and nobody has been promoted yet
	promoting                    // somebody may have been
	ended                        // it may be over, or given up
	dead                         // enough sentinels agree that the master is down
	alive                        // and that it is not
	changed                      // something is different: ask
	confirmed                    // it has promoted nobody, although writes are held already
	heard                        // events come in again: some may have been missed
)

// An event is one that a sentinel published, or that its connection had.
type event struct {
	from    *member
	meaning meaning
	addr    string // of the new master, as announced
}

// readEvent reads a message, and reports whether it is about that master.
func readEvent(r *resp.Reply, master string) (e event, ours bool, err error) {
	r.Array()
	kind, channel, text := r.Text(), r.Text(), r.Text()
	if err := r.Err(); err != nil || kind != "message" {
		return e, false, err
	}
	e.meaning = channels[channel]
	if e.meaning == switched {
		e.addr, ours = newMaster(text, master)
		return e, ours, nil
	}
	return e, e.meaning != 0 && concerns(text, master), nil
}

// newMaster reads "<name> <old host> <old port> <new host> <new port>".
func newMaster(text, master string) (addr string, ours bool) {
	rest, ours := strings.CutPrefix(text, master+" ")
	words := strings.Fields(rest)
	if !ours || len(words) != 4 {
		return "", false
	}
	i := instance{host: words[2], port: words[3]}
	return i.addr(), i.hasAddr()
}

// concerns reads "master <name> <host> <port>", or of what belongs to a master "<type> <name> <host> <port> @ <name of the master> <host> <port>".
func concerns(text, master string) bool {
	return strings.HasPrefix(text, "master "+master+" ") || strings.Contains(text, " @ "+master+" ")
}
