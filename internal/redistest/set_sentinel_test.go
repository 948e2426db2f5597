package redistest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The replies are those of Redis 7.0 to the same questions; only addresses, ids and times differ.
func TestSetSentinelsAnswer(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		const unknown = "ERR No such master with that name"
		for question, want := range map[string]string{
			whoMaster:                               isNode1,
			"sentinel get-master-addr-by-name nope": "null",
			"SENTINEL MASTER nope":                  unknown,
			"SENTINEL REPLICAS nope":                unknown,
			"SENTINEL SLAVES nope":                  unknown,
			"SENTINEL SENTINELS nope":               unknown,
			"SENTINEL FAILOVER nope":                unknown,
			"SENTINEL CKQUORUM nope":                unknown,
			"SENTINEL CKQUORUM mymaster":            "OK 3 usable Sentinels. Quorum and failover authorization can be reached",
			"SENTINEL foo":                          "ERR unknown subcommand 'foo'. Try SENTINEL HELP.",
			"SENTINEL":                              "ERR wrong number of arguments for 'sentinel' command",
			"SENTINEL MASTER":                       "ERR wrong number of arguments for 'sentinel|master' command",
			"SENTINEL MYID":                         `"0000000000000000000000000000000000005001"`,
			"ROLE":                                  `["sentinel", ["mymaster"]]`,
			"PING":                                  "PONG",
			"GET x":                                 "ERR unknown command 'GET', with args beginning with: 'x' ",
			"SELECT 1":                              "ERR unknown command 'SELECT', with args beginning with: '1' ",
			"PUBLISH a b":                           "ERR Only HELLO messages are accepted by Sentinel instances.",
			"CLIENT SETNAME x":                      "OK",
			"WAIT 1 1":                              "ERR unknown command 'WAIT', with args beginning with: '1' '1' ",
			"AUTH x":                                errNoPassword,
		} {
			assert.Equal(t, want, c.do(question), question)
		}
		assert.Regexp(t, `^\["server", "redis", "version", "7.4.0", "proto", 2, "id", \d+, "mode", "sentinel", "modules", \[\]\]$`, c.do("HELLO"))
	})
}

// The fields and their order, as Redis 7.0 has them.
const (
	headFields     = "name ip port runid flags link-pending-commands link-refcount "
	pingFields     = "last-ping-sent last-ok-ping-reply last-ping-reply "
	reportFields   = "down-after-milliseconds info-refresh role-reported role-reported-time "
	masterFields   = "config-epoch num-slaves num-other-sentinels quorum failover-timeout parallel-syncs"
	replicaFields  = "master-link-down-time master-link-status master-host master-port slave-priority slave-repl-offset replica-announced"
	sentinelFields = "down-after-milliseconds last-hello-message voted-leader voted-leader-epoch"
)

// fieldsIn returns the names and values of a flat array of strings.
func fieldsIn(shown string) (names string, values map[string]string) {
	words := strings.Split(strings.Trim(shown, `["]`), `", "`)
	values = map[string]string{}
	for i := 0; i+1 < len(words); i += 2 {
		names += " " + words[i]
		values[words[i]] = words[i+1]
	}
	return strings.TrimSpace(names), values
}

func TestSetFieldsOfSentinels(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		names, master := fieldsIn(c.do("SENTINEL MASTER mymaster"))
		assert.Equal(t, headFields+pingFields+reportFields+masterFields, names)
		assert.Equal(t, "master", master["flags"])
		assert.Equal(t, []string{"0", "1", "2", "2"}, []string{master["config-epoch"], master["num-slaves"], master["num-other-sentinels"], master["quorum"]})
		names, replica := fieldsIn(c.do("SENTINEL REPLICAS mymaster"))
		assert.Equal(t, headFields+pingFields+reportFields+replicaFields, names)
		assert.Equal(t, []string{"10.0.0.2:6379", "slave", "ok", "10.0.0.1"}, []string{replica["name"], replica["flags"], replica["master-link-status"], replica["master-host"]})
		s.AddGhost("10.0.1.99:26379")
		s.Sentinels[1].Kill()
		all := strings.Split(c.do("SENTINEL SENTINELS mymaster"), "], [")
		require.Len(t, all, 3)
		names, dead := fieldsIn(all[0])
		assert.Equal(t, headFields+pingFields+"s-down-time "+sentinelFields, names)
		assert.Equal(t, []string{"10.0.1.2", "26379", "s_down,sentinel,disconnected"}, []string{dead["ip"], dead["port"], dead["flags"]})
		names, alive := fieldsIn(all[1])
		assert.Equal(t, headFields+pingFields+sentinelFields, names)
		assert.Equal(t, []string{"10.0.1.3", "sentinel"}, []string{alive["ip"], alive["flags"]})
		_, ghost := fieldsIn(all[2])
		assert.Equal(t, []string{"10.0.1.99", "s_down,sentinel,disconnected"}, []string{ghost["ip"], ghost["flags"]})
		assert.True(t, strings.HasPrefix(c.do("HELLO 3"), "{"))
		assert.True(t, strings.HasPrefix(c.do("SENTINEL MASTER mymaster"), `{"name": "mymaster", "ip": "10.0.0.1"`))
		assert.True(t, strings.HasPrefix(c.do("SENTINEL MASTERS"), `[{"name": "mymaster", "ip": "10.0.0.1"`))
		assert.True(t, strings.HasPrefix(c.do("SENTINEL SLAVES mymaster"), `[{"name": "10.0.0.2:6379"`))
		s.Sentinels[2].Kill()
		assert.Equal(t, "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. "+
			"Not enough available Sentinels to reach the majority and authorize a failover", c.do("SENTINEL CKQUORUM mymaster"))
	})
}

func TestSetFlagsDuringAFailover(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		assert.Equal(t, "OK", c.do("SENTINEL FAILOVER mymaster"))
		assert.Equal(t, "INPROG Failover already in progress", c.do("SENTINEL FAILOVER mymaster"))
		time.Sleep(300 * time.Millisecond)
		names, master := fieldsIn(c.do("SENTINEL MASTER mymaster"))
		assert.Equal(t, headFields+"failover-state "+pingFields+reportFields+masterFields, names)
		assert.Equal(t, []string{"master,failover_in_progress,force_failover", "wait_promotion", "0"}, []string{master["flags"], master["failover-state"], master["config-epoch"]})
		time.Sleep(500 * time.Millisecond)
		_, master = fieldsIn(c.do("SENTINEL MASTER mymaster"))
		assert.Equal(t, []string{"10.0.0.1", "1"}, []string{master["ip"], master["config-epoch"]})
		time.Sleep(500 * time.Millisecond)
		_, master = fieldsIn(c.do("SENTINEL MASTER mymaster"))
		assert.Equal(t, []string{"10.0.0.2", "1", "master"}, []string{master["ip"], master["config-epoch"], master["flags"]})
		s.Nodes[1].Kill()
		time.Sleep(1150 * time.Millisecond)
		_, master = fieldsIn(c.do("SENTINEL MASTER mymaster"))
		assert.Equal(t, "s_down,o_down,master,disconnected,failover_in_progress", master["flags"])
	})
}

func TestSetSentinelsThatAreWrong(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel2)
		s.Sentinels[0].Lie("10.0.0.66:6379", 9)
		s.Sentinels[1].Mute()
		s.Sentinels[2].Forget()
		names(t, s, `["10.0.0.66", "6379"]`, isNode1, "null")
		_, master := fieldsIn(dialSet(t, s, sentinel1).do("SENTINEL MASTER mymaster"))
		assert.Equal(t, []string{"10.0.0.66", "9"}, []string{master["ip"], master["config-epoch"]})
		assert.Equal(t, "ERR No such master with that name", dialSet(t, s, "10.0.1.3:26379").do("SENTINEL MASTER mymaster"))
		s.Sentinels[0].Honest()
		s.Sentinels[2].Remember()
		s.Sentinels[2].Stale()
		require.NoError(t, s.Failover())
		time.Sleep(10 * time.Second)
		names(t, s, isNode2, isNode2, isNode1)
		_, master = fieldsIn(dialSet(t, s, "10.0.1.3:26379").do("SENTINEL MASTER mymaster"))
		assert.Equal(t, "0", master["config-epoch"])
		assert.Empty(t, heard())
		s.Sentinels[1].Unmute()
		s.Sentinels[1].Say("+tilt", "#tilt mode entered")
		assert.Equal(t, []string{"10s +tilt #tilt mode entered"}, heard())
		stale := events(t, s, "10.0.1.3:26379")
		s.Sentinels[2].Fresh()
		time.Sleep(time.Second)
		names(t, s, isNode2, isNode2, isNode2)
		assert.Contains(t, stale(), "300ms +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379")
	})
}

func TestSetTakeBack(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		heard := events(t, s, sentinel1)
		s.Sentinels[0].TakeBack(node2, 500*time.Millisecond)
		names(t, s, isNode2, isNode1, isNode1)
		time.Sleep(time.Second)
		names(t, s, isNode1, isNode1, isNode1)
		assert.Equal(t, []string{
			"0s +switch-master mymaster 10.0.0.1 6379 10.0.0.2 6379",
			"500ms +switch-master mymaster 10.0.0.2 6379 10.0.0.1 6379",
		}, heard())
		assert.Equal(t, int64(2), s.Epoch())
		for _, addr := range s.SentinelAddrs() {
			_, master := fieldsIn(dialSet(t, s, addr).do("SENTINEL MASTER mymaster"))
			assert.Equal(t, "2", master["config-epoch"])
		}
		assert.Equal(t, "slave", s.Nodes[1].Role())
	})
}

func TestSetSentinelThatMissedIt(t *testing.T) {
	inSet(t, SetConfig{}, func(t *testing.T, s *Set) {
		s.Sentinels[1].Cut()
		s.Sentinels[2].Kill()
		require.NoError(t, s.Failover())
		time.Sleep(5 * time.Second)
		s.Sentinels[1].Heal()
		s.Sentinels[2].Start()
		names(t, s, isNode2, isNode1, isNode1)
		time.Sleep(time.Second)
		names(t, s, isNode2, isNode2, isNode2)
	})
}

func TestSetPasswords(t *testing.T) {
	inSet(t, SetConfig{Password: "node", SentinelUser: "app", SentinelPassword: "sentinel"}, func(t *testing.T, s *Set) {
		c := dialSet(t, s, sentinel1)
		for _, question := range []string{whoMaster, "PING", "ROLE", "SUBSCRIBE a", "PUBLISH a b"} {
			assert.Equal(t, errNoAuth, c.do(question), question)
		}
		assert.Equal(t, errWrongPass, c.do("AUTH app node"))
		assert.Equal(t, "OK", c.do("AUTH app sentinel"))
		assert.Equal(t, isNode1, c.do(whoMaster))
		c = dialSet(t, s, node1)
		for _, command := range []string{"ROLE", "GET a", "SET a b", "WAIT 1 1"} {
			assert.Equal(t, errNoAuth, c.do(command), command)
		}
		assert.Equal(t, "OK", c.do("AUTH node"))
		assert.Equal(t, "OK", c.do("SET a b"))
	})
}
