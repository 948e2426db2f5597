package resp

import "strings"

// Special reports whether a command of q may change what its connection answers: those of the SUBSCRIBE family, MONITOR, SYNC and PSYNC, which are
// answered by a stream, and CLIENT, for the sake of CLIENT REPLY. Whoever matches replies with requests has to look closer at these.
func (q *Request) Special() bool { return q.special }

// isSpecial sorts most names out by their length and first letter.
func isSpecial(name string) bool {
	if len(name) < len("SYNC") {
		return false
	}
	switch name[0] | 0x20 {
	case 's', 'p', 'u':
		return name[1]|0x20 != 'e' && isStream(name) // neither SET nor PEXPIRE
	case 'm':
		return len(name) == len("MONITOR") && strings.EqualFold(name, "MONITOR")
	case 'c':
		return len(name) == len("CLIENT") && strings.EqualFold(name, "CLIENT")
	}
	return false
}

func isStream(name string) bool {
	for _, stream := range [...]string{"SYNC", "PSYNC", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE"} {
		if len(name) == len(stream) && strings.EqualFold(name, stream) {
			return true
		}
	}
	return false
}
