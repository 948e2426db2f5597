package bwstate

import (
	"strconv"
	"strings"
	"time"
)

// SettingInfo describes one setting, for documentation and for programs that list what they accept.
type SettingInfo struct {
	Name    string
	Default string // as it would be written; "" when there is none
	Unit    string // what a bare number counts; "" when the setting is not a quantity with a unit
	Secret  bool   // never shown
	File    bool   // Name_FILE may name a file that holds the value
}

// SettingsTable lists every setting [ReadSettings] reads. The slice is the caller's.
func SettingsTable() []SettingInfo {
	infos := make([]SettingInfo, len(settingsTable))
	for i := range settingsTable {
		infos[i] = settingsTable[i].SettingInfo
	}
	return infos
}

type setting struct {
	SettingInfo
	settingField
}

// settingField is how a kind of value is read and shown.
type settingField struct {
	// parse stores a text that is not empty, and returns "" or what is wrong with it.
	parse func(p *settingsParser, text string) (problem string)
	// show is the value in force, as parse would take it; secrets are hidden.
	show func(s *Settings) string
	// secret is where a secret is; nil for what is none.
	secret func(s *Settings) *Secret
}

const (
	maxDatabase   = 1<<31 - 1
	maxPool       = 10000
	minDuration   = time.Millisecond
	defaultMaster = "mymaster"
)

// urlName is the setting that sets others.
const urlName = "BWREDIS_URL"

// settingsTable is in the order of evaluation: the URL comes first, because it sets others, then the unit, because the
// durations depend on it.
var settingsTable = []setting{
	{SettingInfo: SettingInfo{Name: urlName, Secret: true, File: true}}, // and what init adds
	{SettingInfo{Name: "BWREDIS_TIME_UNIT", Default: "seconds"}, unitField},
	{SettingInfo{Name: "USE_REDIS", Default: "no"}, yesNoField(func(s *Settings) *bool { return &s.UseRedis })},
	{SettingInfo{Name: "REDIS_HOST"}, hostField},
	{
		SettingInfo{Name: "REDIS_PORT", Default: "6379"},
		linkedField(numberField(1, maxPort, func(s *Settings) *int { return &s.Port })),
	},
	{
		SettingInfo{Name: "REDIS_DATABASE", Default: "0"},
		numberField(0, maxDatabase, func(s *Settings) *int { return &s.Database }),
	},
	{SettingInfo{Name: "REDIS_USERNAME", File: true}, textField(checkToken, func(s *Settings) *string { return &s.Username })},
	{SettingInfo{Name: "REDIS_PASSWORD", Secret: true, File: true}, secretField(func(s *Settings) *Secret { return &s.Password })},
	{SettingInfo{Name: "REDIS_SSL", Default: "no"}, yesNoField(func(s *Settings) *bool { return &s.SSL })},
	{SettingInfo{Name: "REDIS_SSL_VERIFY", Default: "yes"}, yesNoField(func(s *Settings) *bool { return &s.SSLVerify })},
	{SettingInfo{Name: "REDIS_SSL_CA"}, textField(checkPath, func(s *Settings) *string { return &s.SSLCA })},
	{SettingInfo{Name: "REDIS_SSL_CA_DIR"}, textField(checkPath, func(s *Settings) *string { return &s.SSLCADir })},
	{SettingInfo{Name: "REDIS_SSL_CERT"}, textField(checkPath, func(s *Settings) *string { return &s.SSLCert })},
	{SettingInfo{Name: "REDIS_SSL_KEY"}, textField(checkPath, func(s *Settings) *string { return &s.SSLKey })},
	{SettingInfo{Name: "REDIS_SSL_SERVER_NAME"}, serverNameField(func(s *Settings) *string { return &s.SSLServerName })},
	{
		SettingInfo{Name: "REDIS_TIMEOUT", Default: "5", Unit: "seconds"},
		durationField("REDIS_TIMEOUT", timeoutRule, func(s *Settings) *time.Duration { return &s.Timeout }),
	},
	{SettingInfo{Name: "REDIS_SENTINEL_HOSTS"}, sentinelsField},
	{
		SettingInfo{Name: "REDIS_SENTINEL_USERNAME", File: true},
		textField(checkToken, func(s *Settings) *string { return &s.SentinelUsername }),
	},
	{
		SettingInfo{Name: "REDIS_SENTINEL_PASSWORD", Secret: true, File: true},
		secretField(func(s *Settings) *Secret { return &s.SentinelPassword }),
	},
	{
		SettingInfo{Name: "REDIS_SENTINEL_MASTER", Default: defaultMaster},
		textField(checkToken, func(s *Settings) *string { return &s.SentinelMaster }),
	},
	{SettingInfo{Name: "REDIS_SENTINEL_ADDRESS_MAP"}, addressMapField},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL"}, choiceField(func(s *Settings) *Choice { return &s.SentinelSSL })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_VERIFY"}, choiceField(func(s *Settings) *Choice { return &s.SentinelSSLVerify })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_CA"}, textField(checkPath, func(s *Settings) *string { return &s.SentinelSSLCA })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_CA_DIR"}, textField(checkPath, func(s *Settings) *string { return &s.SentinelSSLCADir })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_CERT"}, textField(checkPath, func(s *Settings) *string { return &s.SentinelSSLCert })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_KEY"}, textField(checkPath, func(s *Settings) *string { return &s.SentinelSSLKey })},
	{SettingInfo{Name: "REDIS_SENTINEL_SSL_SERVER_NAME"}, serverNameField(func(s *Settings) *string { return &s.SentinelSSLServerName })},
	{
		SettingInfo{Name: "REDIS_KEEPALIVE_IDLE", Default: "300", Unit: "seconds"},
		durationField("REDIS_KEEPALIVE_IDLE", idleRule, func(s *Settings) *time.Duration { return &s.KeepaliveIdle }),
	},
	{
		SettingInfo{Name: "REDIS_KEEPALIVE_POOL", Default: "3"},
		numberField(1, maxPool, func(s *Settings) *int { return &s.KeepalivePool }),
	},
}

// The field of the URL looks into the table, which therefore cannot begin with it.
func init() { settingsTable[0].settingField = urlField }

// urlField shows nothing: what a URL says is shown by the settings that it sets.
var urlField = settingField{
	parse: (*settingsParser).parseURL,
	show:  func(*Settings) string { return "" },
}

var unitField = settingField{
	parse: func(p *settingsParser, text string) string {
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "seconds", "s":
			p.s.Unit = Seconds
		case "milliseconds", "ms":
			p.s.Unit = Milliseconds
		default:
			return "must be seconds or milliseconds"
		}
		return ""
	},
	show: func(s *Settings) string { return s.Unit.String() },
}

var hostField = settingField{
	parse: (*settingsParser).parseHost,
	show:  func(s *Settings) string { return s.Host },
}

var sentinelsField = settingField{
	parse: (*settingsParser).parseSentinels,
	show:  func(s *Settings) string { return strings.Join(s.SentinelHosts, " ") },
}

var addressMapField = settingField{
	parse: (*settingsParser).parseAddressMap,
	show:  func(s *Settings) string { return addressMapText(s.SentinelAddressMap) },
}

func serverNameField(at func(*Settings) *string) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) (problem string) {
			*at(&p.s), problem = hostOnly(text)
			return problem
		},
		show: func(s *Settings) string { return *at(s) },
	}
}

func yesNoField(at func(*Settings) *bool) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) (problem string) {
			*at(&p.s), problem = parseYesNo(text)
			return problem
		},
		show: func(s *Settings) string {
			if *at(s) {
				return "yes"
			}
			return "no"
		},
	}
}

func numberField(low, high int, at func(*Settings) *int) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) (problem string) {
			*at(&p.s), problem = parseNumber(text, low, high)
			return problem
		},
		show: func(s *Settings) string { return strconv.Itoa(*at(s)) },
	}
}

// linkedField explains where a REDIS_PORT comes from that nobody has written.
func linkedField(f settingField) settingField {
	parse := f.parse
	f.parse = func(p *settingsParser, text string) string {
		problem := parse(p, text)
		if problem != "" && strings.HasPrefix(text, "tcp://") {
			problem += "; Docker and Kubernetes set this one to such a text for a service that is called redis: call it something else, or leave its links out"
		}
		return problem
	}
	return f
}

func textField(check func(string) string, at func(*Settings) *string) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) string {
			*at(&p.s) = text
			return check(text)
		},
		show: func(s *Settings) string { return *at(s) },
	}
}

// secretField takes any text: a password is bytes to Redis.
func secretField(at func(*Settings) *Secret) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) string {
			*at(&p.s) = Secret(text)
			return ""
		},
		show:   func(s *Settings) string { return at(s).String() },
		secret: at,
	}
}

func durationField(name string, rule durationRule, at func(*Settings) *time.Duration) settingField {
	return settingField{
		parse: func(p *settingsParser, text string) string {
			d, problem := parseDuration(text, p.unit(), rule.longest)
			*at(&p.s) = d
			hint := rule.hint(text, p.unit())
			switch {
			case p.isDefault || hint == "":
			case problem != "":
				problem += "; " + hint
			default:
				p.warn(name + "=" + text + " is read as " + d.String() + ": " + hint)
			}
			return problem
		},
		show: func(s *Settings) string { return at(s).String() },
	}
}
