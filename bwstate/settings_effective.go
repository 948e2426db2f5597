package bwstate

import (
	"strings"
	"sync"
)

// EffectiveSetting is one setting as it is in force.
type EffectiveSetting struct {
	Name  string
	Value string // as [ReadSettings] would take it; "" for nothing, "[hidden]" for a secret
	// Source is where the value is from: the name of the [Source], or "set" where that has none, with BWREDIS_URL or
	// the NAME_FILE behind it that held the value; "default"; "as REDIS_SSL" for what the sentinels have from the
	// server; "program" for what was changed afterwards, or set by hand.
	Source string
}

// Effective lists every setting, in the order of [SettingsTable]. Secrets are hidden in it.
func (s Settings) Effective() []EffectiveSetting {
	all := make([]EffectiveSetting, len(settingsTable))
	for i := range settingsTable {
		all[i] = s.effective(&settingsTable[i])
	}
	return all
}

func (s *Settings) effective(st *setting) EffectiveSetting {
	e := EffectiveSetting{Name: st.Name, Value: st.show(s), Source: s.source(st)}
	switch other := s.inheritedFrom(st.Name); {
	case st.Name == urlName && e.Source != "default":
		e.Value = hiddenText
	case e.Value == "" && other != nil && other.show(s) != "":
		e.Value, e.Source = other.show(s), "as "+other.Name
	}
	return e
}

// source says where the value in force is from.
func (s *Settings) source(st *setting) string {
	switch from, set := s.madeFrom(st.Name); {
	case s.changed(st):
		return "program"
	case !set:
		return "default"
	case from == "":
		return "set"
	default:
		return from
	}
}

func (s *Settings) madeFrom(name string) (from string, set bool) {
	if s.made == nil {
		return "", false
	}
	from, set = s.made.from[name]
	return from, set
}

// unset are the settings when nothing is set.
var unset = sync.OnceValue(func() Settings {
	s, _ := ReadSettings()
	return s
})

// changed says whether a setting is no longer what was read, or was never read and is not the default.
func (s *Settings) changed(st *setting) bool {
	before := unset
	if s.made != nil {
		before = func() Settings { return s.made.parsed }
	}
	was := before()
	if st.secret != nil {
		return *st.secret(s) != *st.secret(&was)
	}
	return st.show(s) != st.show(&was)
}

// inheritedFrom returns the server's setting that holds for the sentinels where they have none of their own.
func (s *Settings) inheritedFrom(name string) *setting {
	suffix, ok := strings.CutPrefix(name, sentinelsTLS)
	if !ok || len(s.SentinelHosts) == 0 {
		return nil
	}
	switch suffix {
	case "_CA", "_CA_DIR":
		ok = !s.ownAuthorities()
	case "_CERT", "_KEY":
		ok = !s.ownCertificate()
	}
	if !ok {
		return nil
	}
	return settingNamed(serverTLS + suffix)
}

func settingNamed(name string) *setting {
	for i := range settingsTable {
		if settingsTable[i].Name == name {
			return &settingsTable[i]
		}
	}
	return nil
}
