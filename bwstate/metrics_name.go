package bwstate

import "strings"

// Kinds of metrics, as keys have them.
const (
	counterKind = "_counter_"
	tableKind   = "_table_"
)

const maxMetricName = 16 << 10 // bytes; names hold whole URLs

// splitMetric takes a key apart. A plugin's id ends at the first of the kinds, and the worker begins behind the last colon: names may hold colons, as IPv6 addresses
// do, but neither plugins nor workers do. With a plugin it takes only what belongs to that one.
func splitMetric(key, plugin string) (m StoredMetric, ok bool) {
	rest, ok := strings.CutPrefix(key, "metrics:")
	last := strings.LastIndexByte(rest, ':')
	if !ok || last < 0 {
		return m, false
	}
	rest, m.Worker = rest[:last], rest[last+1:]
	if plugin != "" {
		if rest, ok = strings.CutPrefix(rest, plugin); !ok {
			return m, false
		}
		m.Plugin = plugin
	} else {
		m.Plugin, rest = cutKind(rest)
	}
	if m.Name, ok = strings.CutPrefix(rest, counterKind); ok {
		return m, true
	}
	m.Name, m.Table = strings.CutPrefix(rest, tableKind)
	return m, m.Table
}

// cutKind cuts in front of the first kind.
func cutKind(text string) (plugin, rest string) {
	at := len(text)
	for _, kind := range []string{counterKind, tableKind} {
		if i := strings.Index(text, kind); i >= 0 {
			at = min(at, i)
		}
	}
	return text[:at], text[at:]
}

// checkMetric refuses names that would make a key of something else.
func checkMetric(plugin, name string) error {
	if !isAppName(plugin) {
		return &ArgumentError{Name: "Plugin", Problem: "is not 1 to 64 letters, digits, dots, hyphens and underscores"}
	}
	for _, kind := range []string{counterKind, tableKind} {
		if cut, _ := cutKind(plugin + kind); cut != plugin {
			return &ArgumentError{Name: "Plugin", Problem: "holds _counter_ or _table_, which stand behind a plugin"}
		}
	}
	if name == "" || len(name) > maxMetricName {
		return &ArgumentError{Name: "Name", Problem: "is not 1 byte to 16 KiB"}
	}
	return nil
}

// isWorker reports whether a text can stand in a key in the place of a node's worker number, and is none.
func isWorker(text string) bool { return isAppName(text) && strings.Trim(text, "0123456789") != "" }
