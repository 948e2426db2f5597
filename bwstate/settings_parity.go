package bwstate

import (
	"strconv"
	"strings"
)

// A Difference is what a component of BunkerWeb 1.6.13 makes of settings, where that is not what happens here.
type Difference struct {
	Setting   string
	Component string // "lua", a node, or its "lua state" or "lua sessions" only; "python", the UI and bwcli; "python api"; or "all" of them
	There     string // what the component does
	Here      string // what is done here
}

// String is one line.
func (d Difference) String() string {
	return d.Setting + ", " + d.Component + ": " + d.There + "; here: " + d.Here
}

// Parity lists what BunkerWeb's own components would do differently if they were given the same settings, in the order
// of [SettingsTable]. Nothing secret is in it.
//
// What came from BWREDIS_URL, or was set by hand, is compared as if it were written in the settings of BunkerWeb. What
// BunkerWeb takes and is an error here, such as REDIS_TIMEOUT=0, is in no Settings and so not in the list.
func (s Settings) Parity() []Difference {
	p := parity{s: &s}
	p.node, p.python = readAsNode(p.text), readAsPython(p.text)
	if !s.UseRedis {
		return nil
	}
	for i := range settingsTable {
		st := &settingsTable[i]
		if s.made != nil && s.made.files[st.Name] && !s.changed(st) {
			p.add(st.Name+fileSuffix, everybody, "does not know it, so that nothing is set", "the file is read")
		}
		if compare := comparisons[st.Name]; compare != nil {
			compare(&p)
		}
	}
	return p.found
}

// The components.
const (
	node         = "lua"
	nodeState    = "lua state"
	nodeSessions = "lua sessions"
	python       = "python"
	pythonAPI    = "python api"
	everybody    = "all"
)

// parity is one run of [Settings.Parity].
type parity struct {
	s      *Settings
	node   nodeOptions
	python pythonOptions
	found  []Difference
}

func (p *parity) add(setting, component, there, here string) {
	p.found = append(p.found, Difference{setting, component, there, here})
}

// text is what BunkerWeb would read for one of its settings.
func (p *parity) text(name string) string {
	st, m := settingNamed(name), p.s.made
	if m == nil || p.s.changed(st) {
		return p.byHand(st)
	}
	switch _, set := m.from[name]; {
	case m.files[name]:
		return ""
	case set && st.Secret:
		return string(*st.secret(p.s))
	case set:
		return m.written[name]
	case m.empty[name]:
		return ""
	}
	return bunkerwebDefaults[name]
}

// byHand is how one would write for BunkerWeb what the program has set.
func (p *parity) byHand(st *setting) string {
	switch st.Name {
	case "REDIS_TIMEOUT":
		return strconv.FormatInt(p.s.Timeout.Milliseconds(), 10)
	case "REDIS_KEEPALIVE_IDLE":
		return strconv.FormatInt(p.s.KeepaliveIdle.Milliseconds(), 10)
	}
	if st.secret != nil {
		return string(*st.secret(p.s))
	}
	return st.show(p.s)
}

// isSet says whether a setting that BunkerWeb does not know has a value of its own.
func (p *parity) isSet(name string) bool {
	st, none := settingNamed(name), unset()
	return st.show(p.s) != st.show(&none)
}

func (p *parity) isUsed(name string) bool {
	if strings.HasPrefix(name, "REDIS_SENTINEL_") {
		return p.withSentinels()
	}
	return p.s.SSL || p.s.sentinelSSL()
}

func (p *parity) withSentinels() bool { return len(p.s.SentinelHosts) > 0 }

// comparisons are the settings that have something to compare.
var comparisons map[string]func(*parity)

func init() {
	comparisons = map[string]func(*parity){
		urlName:                   (*parity).compareURL,
		"USE_REDIS":               (*parity).compareUse,
		"REDIS_HOST":              (*parity).compareHost,
		"REDIS_PORT":              (*parity).comparePort,
		"REDIS_DATABASE":          (*parity).compareDatabase,
		"REDIS_USERNAME":          (*parity).compareUser,
		"REDIS_PASSWORD":          (*parity).comparePassword,
		"REDIS_SSL":               (*parity).compareSSL,
		"REDIS_SSL_VERIFY":        (*parity).compareVerify,
		"REDIS_TIMEOUT":           (*parity).compareTimeout,
		"REDIS_SENTINEL_HOSTS":    (*parity).compareSentinels,
		"REDIS_SENTINEL_USERNAME": (*parity).compareSentinelUser,
		"REDIS_SENTINEL_PASSWORD": (*parity).compareSentinelPassword,
		"REDIS_SENTINEL_MASTER":   (*parity).compareMaster,
		"REDIS_KEEPALIVE_IDLE":    (*parity).compareIdle,
		"REDIS_KEEPALIVE_POOL":    (*parity).comparePool,
	}
	for name, meaning := range map[string]string{
		"REDIS_SSL_CA":                   "it trusts the authorities that it has",
		"REDIS_SSL_CA_DIR":               "it trusts the authorities that it has",
		"REDIS_SSL_CERT":                 "it shows no certificate",
		"REDIS_SSL_KEY":                  "it shows no certificate",
		"REDIS_SSL_SERVER_NAME":          "the name is that of the address, where it is checked at all",
		"REDIS_SENTINEL_ADDRESS_MAP":     "it connects to what the sentinels announce",
		"REDIS_SENTINEL_SSL":             "nodes speak TLS to the sentinels when they do to the server, UI and bwcli never",
		"REDIS_SENTINEL_SSL_VERIFY":      "it is as for the server",
		"REDIS_SENTINEL_SSL_CA":          "it trusts the authorities that it has",
		"REDIS_SENTINEL_SSL_CA_DIR":      "it trusts the authorities that it has",
		"REDIS_SENTINEL_SSL_CERT":        "it shows no certificate",
		"REDIS_SENTINEL_SSL_KEY":         "it shows no certificate",
		"REDIS_SENTINEL_SSL_SERVER_NAME": "the name is that of the address, where it is checked at all",
	} {
		comparisons[name] = func(p *parity) {
			if p.isSet(name) && p.isUsed(name) {
				p.add(name, everybody, "does not know it: "+meaning, "it counts")
			}
		}
	}
}

func (p *parity) compareURL() {
	if _, set := p.s.madeFrom(urlName); set {
		p.add(urlName, everybody, "does not know it; write what it says in the other settings", "it sets them")
	}
}

func (p *parity) compareUse() { p.compareYes("USE_REDIS") }

// compareYes: only the API takes "Yes".
func (p *parity) compareYes(name string) {
	text := p.text(name)
	if text == "yes" {
		return
	}
	there := "takes " + quoteShort(text) + " for no: it has to be yes, in these letters"
	for _, component := range []string{node, python} {
		p.add(name, component, there, "it is yes")
	}
	if strings.ToLower(text) != "yes" {
		p.add(name, pythonAPI, there, "it is yes")
	}
}
