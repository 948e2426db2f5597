package localstore

// fits reports whether n more bytes may be used, and makes room for them if it can: first dead entries are dropped, then, where the keyspace
// evicts, living ones that have a deadline, the nearest first. The entries to keep are what the command at work needs; they may be nil.
// When the answer is no, no living entry has gone.
func (k *keyspace) fits(n int, keep ...*entry) bool {
	if n <= 0 || n <= k.room() {
		return true
	}
	for k.sweep(1) > 0 {
		if n <= k.room() {
			return true
		}
	}
	return k.evict && k.makeRoom(n, keep)
}

// room returns how many bytes are left. A script that has begun to write has somewhat more, so that it can end what it began.
func (k *keyspace) room() int {
	if k.scriptWrote {
		return k.limit + k.limit/scriptShare - k.used
	}
	return k.limit - k.used
}

// scriptShare is the part of the limit that scripts may go beyond it, inverted.
const scriptShare = 64

// makeRoom evicts until n bytes fit. What must be kept has no deadline meanwhile, and neither have the keys of the script at work.
func (k *keyspace) makeRoom(n int, keep []*entry) bool {
	var aside []*entry
	for _, key := range k.scriptKeys {
		keep = append(keep, k.entries.get(key))
	}
	for _, e := range keep {
		if e != nil && e.expires() {
			k.persist(e)
			aside = append(aside, e)
		}
	}
	enough := n <= k.room()+k.volatile
	for enough && n > k.room() {
		k.remove(k.deadlines[0])
	}
	for _, e := range aside {
		k.expireAt(e, e.deadline)
	}
	return enough
}

// policy is what INFO calls it.
func (k *keyspace) policy() string {
	if k.evict {
		return "volatile-ttl"
	}
	return "noeviction"
}
