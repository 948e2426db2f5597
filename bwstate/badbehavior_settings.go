package bwstate

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// defaultStatusCodes are BunkerWeb's.
var defaultStatusCodes = []int{400, 401, 403, 404, 405, 429, 444}

// BadBehaviorSettings are BunkerWeb's settings of bad behaviour for one service.
type BadBehaviorSettings struct {
	Use         bool        // USE_BAD_BEHAVIOR: without it nothing is counted
	StatusCodes []int       // BAD_BEHAVIOR_STATUS_CODES, in ascending order: the answers that make a request bad
	Rule        BadBehavior // all others; Detect is SECURITY_MODE=detect. Service and our own choices are left to the caller
}

// Bad reports whether a request that was answered with this status counts.
func (s BadBehaviorSettings) Bad(status int) bool {
	return s.Use && slices.Contains(s.StatusCodes, status)
}

// ParseBadBehavior reads USE_BAD_BEHAVIOR, BAD_BEHAVIOR_STATUS_CODES, BAD_BEHAVIOR_THRESHOLD, BAD_BEHAVIOR_COUNT_TIME and BAD_BEHAVIOR_BAN_TIME in seconds or with a
// unit, where 0 means a permanent ban and counts that are forgotten at once, BAD_BEHAVIOR_BAN_SCOPE, and SECURITY_MODE. What is not set has BunkerWeb's default.
// Settings of a service stand behind its name, as in www.example.com_BAD_BEHAVIOR_THRESHOLD; get chooses. All problems are reported at once, in a
// [*SettingsError].
func ParseBadBehavior(get func(name string) string) (BadBehaviorSettings, error) {
	p := behaviorParser{get: get}
	s := BadBehaviorSettings{Use: p.choice("USE_BAD_BEHAVIOR", "yes", "no") == "yes", StatusCodes: p.statusCodes()}
	s.Rule.Threshold = p.threshold()
	s.Rule.CountTime, s.Rule.Forget = p.time("BAD_BEHAVIOR_COUNT_TIME", DefaultCountTime)
	s.Rule.BanTime, s.Rule.Permanent = p.time("BAD_BEHAVIOR_BAN_TIME", DefaultBanTime)
	s.Rule.Scope = Scope(p.choice("BAD_BEHAVIOR_BAN_SCOPE", string(ServiceScope), string(GlobalScope)))
	s.Rule.Detect = p.choice("SECURITY_MODE", "block", "detect") == "detect"
	if len(p.problems) > 0 {
		return BadBehaviorSettings{}, &SettingsError{Problems: p.problems}
	}
	return s, nil
}

// behaviorParser collects what is wrong.
type behaviorParser struct {
	get      func(string) string
	problems []*SettingError
}

func (p *behaviorParser) refuse(name, value, problem string) {
	p.problems = append(p.problems, &SettingError{Name: name, Value: value, Problem: problem})
}

// choice returns one of two words, the first when nothing is set.
func (p *behaviorParser) choice(name, first, second string) string {
	switch text := strings.TrimSpace(p.get(name)); text {
	case "", first:
		return first
	case second:
		return second
	default:
		p.refuse(name, text, "must be "+first+" or "+second)
		return first
	}
}

func (p *behaviorParser) threshold() int {
	const name = "BAD_BEHAVIOR_THRESHOLD"
	text := strings.TrimSpace(p.get(name))
	if text == "" {
		return DefaultThreshold
	}
	n, problem := parseNumber(text, 1, 1_000_000_000)
	if problem != "" {
		p.refuse(name, text, problem)
	}
	return n
}

// time returns a time, or that it is 0.
func (p *behaviorParser) time(name string, byDefault time.Duration) (d time.Duration, zero bool) {
	text := strings.TrimSpace(p.get(name))
	if text == "" {
		return byDefault, false
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n == 0 {
		return 0, true
	}
	d, problem := parseDuration(text, Seconds, maxTTL)
	if problem == "" && d < time.Second {
		problem = "too short: must be at least 1s, or 0"
	}
	if problem != "" {
		p.refuse(name, text, problem)
	}
	return d, false
}

func (p *behaviorParser) statusCodes() (codes []int) {
	const name = "BAD_BEHAVIOR_STATUS_CODES"
	text := p.get(name)
	if text == "" {
		return slices.Clone(defaultStatusCodes)
	}
	for _, word := range strings.Fields(text) {
		code, problem := parseNumber(word, 100, 599)
		if problem != "" {
			p.refuse(name, word, "must be status codes from 100 to 599 with spaces between them")
			return nil
		}
		codes = append(codes, code)
	}
	if len(codes) == 0 {
		p.refuse(name, text, "holds no status code")
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
