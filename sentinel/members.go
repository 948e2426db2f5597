package sentinel

import (
	"slices"
	"sync"
	"time"

	"github.com/bwredis/bwredis/conn"
)

// maxLearned bounds how many sentinels are followed that nobody configured: whoever answers as a sentinel may name any number of others.
const maxLearned = 16

// members are the sentinels there are to ask.
type members struct {
	membersMu sync.Mutex
	list      []*member            // the configured ones first, in their order; guarded by membersMu
	useless   map[string]time.Time // addresses that were learned of, and never answered; since when. Guarded by membersMu
}

// A member is one sentinel.
type member struct {
	addr    string // reachable
	learned bool   // another sentinel named it

	// Guarded by members.membersMu.
	tried  bool       // it was asked at least once
	since  time.Time  // when it began to fail; zero: it answers
	told   bool       // the log knows that it fails
	deaf   bool       // the log knows that it announces nothing
	away   error      // why the watch cannot reach it; nil: it can, or does not know yet
	short  time.Time  // until when it is asked for the address only, because it did not say more
	id     string     // SENTINEL MYID; "" when that is not known
	useful bool       // it has answered
	gone   bool       // it is known by another address
	c      *conn.Conn // the watch's, when it serves for questions too; nil: there is none
}

func newMembers(addrs []string) *members {
	ms := &members{useless: map[string]time.Time{}}
	for _, addr := range addrs {
		if !slices.ContainsFunc(ms.list, func(m *member) bool { return m.addr == addr }) {
			ms.list = append(ms.list, &member{addr: addr})
		}
	}
	return ms
}

// all returns the members, configured ones first.
func (ms *members) all() []*member {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	return slices.Clone(ms.list)
}

// conn returns the connection that serves for questions to m, or nil.
func (ms *members) conn(m *member) *conn.Conn {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	return m.c
}

// listening is told that the watch hears what m publishes, with the connection, if that serves for questions too.
func (ms *members) listening(m *member, c *conn.Conn) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	m.away, m.c = nil, c
}

// lostTouch is told that it does not any more.
func (ms *members) lostTouch(m *member) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	m.c = nil
}

// isAway is told that the watch cannot reach m.
func (ms *members) isAway(m *member, why error) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	m.away = why
}

// whyAway returns why m need not be asked: the watch is trying to reach it; nil: it may answer.
func (ms *members) whyAway(m *member) error {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	return m.away
}

// counts returns how many members there are, and how many of them are away.
func (ms *members) counts() (n, away int) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	for _, m := range ms.list {
		if m.away != nil {
			away++
		}
	}
	return len(ms.list), away
}

// identify notes the id of m. Where another member has the same, both are one sentinel under two addresses: a configured one stays, and one that was learned of
// goes. It reports false when that is m.
func (ms *members) identify(m *member, id string) (stays bool) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	if id == "" {
		return true
	}
	m.id = id
	for _, other := range ms.list {
		switch {
		case other == m || other.id != id || !other.since.IsZero(): // one that fails may have moved to where m is
		case m.learned:
			return false
		case other.learned:
			other.gone = true
			if other.c != nil {
				_ = other.c.Close()
			}
		}
	}
	return true
}

// answered notes what became of a question to m. It returns whether that is news for the log.
func (ms *members) answered(m *member, err error) (news bool) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	m.tried = true
	switch {
	case err == nil:
		news, m.useful = m.told, true
		m.since, m.told = time.Time{}, false
	case m.since.IsZero():
		m.since = time.Now()
	case !m.told && time.Since(m.since) >= tellAfter:
		m.told, news = true, true
	}
	return news
}

// tellAfter is how long a sentinel fails before that is worth a line in the log: they are restarted now and then.
const tellAfter = 10 * time.Second

// forgetAfter is how long a sentinel fails that was learned of before it is forgotten.
const forgetAfter = time.Minute

// uselessFor is how long an address is not tried again that never led to a sentinel: one that means nothing here, behind NAT.
const uselessFor = time.Hour

// mostUseless bounds how many such addresses are remembered.
const mostUseless = 1000

// learn adds a sentinel that another one named, unless it is known. It returns nil when there is nothing to add.
func (ms *members) learn(addr, id string) *member {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	if since, ok := ms.useless[addr]; ok && time.Since(since) < uselessFor {
		return nil
	}
	learned := 0
	for _, m := range ms.list {
		moved := !m.since.IsZero() // if it is the same, it is not where it was
		if m.addr == addr || id != "" && m.id == id && !moved || !m.learned && !m.tried {
			return nil // one that was not asked yet may be the same by another name
		}
		if m.learned {
			learned++
		}
	}
	if learned >= maxLearned {
		return nil
	}
	m := &member{addr: addr, id: id, learned: true}
	ms.list = append(ms.list, m)
	return m
}

// forget removes a member, unless it is configured.
func (ms *members) forget(m *member) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	if m.learned && !m.useful && !m.gone {
		if len(ms.useless) > mostUseless {
			clear(ms.useless)
		}
		ms.useless[m.addr] = time.Now()
	}
	ms.list = slices.DeleteFunc(ms.list, func(other *member) bool { return other == m && m.learned })
}

// lost reports whether m may be forgotten: it is known by another address, or has been failing for long.
func (ms *members) lost(m *member) bool {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	return m.gone || m.learned && !m.since.IsZero() && time.Since(m.since) >= forgetAfter
}

// deaf notes that m lets nobody subscribe, and reports whether that is news.
func (ms *members) deaf(m *member) (news bool) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	news = !m.deaf
	m.deaf = true
	return news
}

// shortFor is how long a sentinel that refused to tell more than the address is not asked for more: a round of questions is one for each.
const shortFor = time.Minute

// brief reports whether m is to be asked for the address only, and keepBrief that it is from now on.
func (ms *members) brief(m *member) bool {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	return time.Now().Before(m.short)
}

func (ms *members) keepBrief(m *member) {
	ms.membersMu.Lock()
	defer ms.membersMu.Unlock()
	m.short = time.Now().Add(shortFor)
}
