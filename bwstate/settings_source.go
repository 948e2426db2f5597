package bwstate

import (
	"maps"
	"os"
	"slices"
	"strings"
)

// A Source is one place where settings are written.
type Source struct {
	// Name is what errors and [Settings.Effective] call it. It may be empty.
	Name string
	// Get returns the text of a setting, "" for one that is not set. It is not kept. nil: nothing is set.
	Get func(name string) string

	names []string // of all that is set, also to ""; nil when nobody can tell
}

// Environment is the environment of the process.
func Environment() Source {
	all := os.Environ()
	names := make([]string, 0, len(all))
	for _, pair := range all {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return Source{Name: "environment", Get: os.Getenv, names: names}
}

// FromMap is a source of settings by name. The map is copied.
func FromMap(name string, values map[string]string) Source {
	values = maps.Clone(values)
	get := func(name string) string { return values[name] }
	return Source{Name: name, Get: get, names: slices.Sorted(maps.Keys(values))}
}

// FromURL is a source that holds the setting BWREDIS_URL, or nothing when url is empty.
//
//	redis://user:password@host:port/database?timeout=3s
//	rediss://host?ssl_ca=/etc/redis/ca.pem
//	redis+sentinel://user:password@sentinel-1:26379,sentinel-2/master/database?sentinel_password=…
//	unix:/run/redis.sock?database=3
//
// The schemes redis, rediss, valkey, valkeys, each also with +sentinel, and unix differ in this: the s at the end is
// for TLS; with +sentinel the hosts are sentinels, while user and password remain those of the server. User and
// password are percent-encoded. A parameter is named like a setting, in lower case and without REDIS_ or BWREDIS_ in
// front; db is short for database. Whatever is unknown, twice, empty or ambiguous in the URL is an error.
//
// A URL means that Redis is used, unless USE_REDIS says otherwise in the same source or in one before it. It says
// where the server is as a whole: the host, the port, whether there is TLS, and the sentinels are its own, written
// or not, whatever sources behind it say.
func FromURL(url string) Source {
	get := func(name string) string {
		if name == urlName {
			return url
		}
		return ""
	}
	return Source{Get: get}
}

// set says whether a name is set, and to what. Where nobody can tell, "" is not set.
func (s *Source) set(name string) (text string, ok bool) {
	if s.Get == nil {
		return "", false
	}
	text = s.Get(name)
	return text, text != "" || slices.Contains(s.names, name)
}

// unknown returns the names that look like settings, or like files of some, and are not.
func (s *Source) unknown() (names []string) {
	for _, name := range s.names {
		if looksLikeSetting(name) && settingNamed(strings.TrimSuffix(name, fileSuffix)) == nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// looksLikeSetting: Docker and Kubernetes set REDIS_PORT_6379_TCP, REDIS_SERVICE_HOST and the like where a service has
// the name redis. They are nobody's slip.
func looksLikeSetting(name string) bool {
	rest, ours := strings.CutPrefix(strings.TrimPrefix(name, "BW"), "REDIS_")
	port, linked := strings.CutPrefix(rest, "PORT_")
	linked = linked && port != "" && onlyDigits(port[:1])
	return ours && !linked && !strings.HasPrefix(rest, "SERVICE_")
}

func isSetting(name string) bool {
	for i := range settingsTable {
		st := &settingsTable[i]
		if name == st.Name || st.File && name == st.Name+fileSuffix {
			return true
		}
	}
	return false
}

// join names a place inside of another; either may have no name.
func join(outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return outer + ", " + inner
}
