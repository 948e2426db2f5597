package bwstate

import (
	"cmp"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// LimitRules are the limits of one service as BunkerWeb's settings have them.
type LimitRules struct {
	Service string
	// Whole is the limit of the whole service, if HasWhole.
	Whole    Rate
	HasWhole bool
	// Paths are those of single clients, in the order in which they are tried; the rule "/" is last, and for what no other matches.
	Paths []PathRule
}

// A PathRule is the limit of the paths that a regular expression matches anywhere.
type PathRule struct {
	URL     string // as it is set
	Rate    Rate
	pattern *regexp.Regexp // nil for "/", which matches everything
}

// allPaths is what nodes do not take for a regular expression.
const allPaths = "/"

// ReadLimitSettings reads USE_LIMIT_REQ, LIMIT_REQ_URL, LIMIT_REQ_RATE, both also with _1, _2 and so on behind them, USE_LIMIT_REQ_GLOBAL and LIMIT_REQ_GLOBAL_RATE as
// nodes do, with BunkerWeb's defaults: 2r/s for "/", and 1000r/s for a whole service where that is asked for. For each the first source counts that has it.
//
// A service has the settings that begin with its name, such as www.example.com_LIMIT_REQ_RATE, and those without a name. Of two rules for the same URL its own counts;
// rules for other URLs are added. As on nodes, the rules without a name hold where USE_LIMIT_REQ or USE_LIMIT_REQ_GLOBAL is yes without a name, also for a service that
// says no to only one of the two. An empty service has the settings without a name.
//
// Nodes try the regular expressions of several rules in any order. Here it is that of their numbers, a service's own first. They are PCRE there and RE2 here: what RE2
// does not have, such as (?!…), is an error. The error is a [*SettingsError] with every setting that cannot be used.
func ReadLimitSettings(service string, sources ...Source) (*LimitRules, error) {
	p := limitParser{sources: sources, found: map[string]bool{}}
	if service != "" {
		if err := checkScope(ServiceScope, service); err != nil {
			return nil, err
		}
	}
	rules := &LimitRules{Service: service}
	common := p.scope("")
	own := common
	if service != "" && service != defaultService {
		own = p.scope(service + "_")
		if !own.paths && !own.whole {
			return rules, p.err()
		}
	}
	for _, s := range []limitScope{own, common} {
		if s.whole && !rules.HasWhole {
			rules.Whole, rules.HasWhole = s.wholeRate, true
		}
		if s.paths {
			rules.add(s.rules)
		}
	}
	return rules, p.err()
}

// add adds the rules for URLs that there are none for, and keeps "/" last.
func (rules *LimitRules) add(more []PathRule) {
	for _, rule := range more {
		if !slices.ContainsFunc(rules.Paths, func(r PathRule) bool { return r.URL == rule.URL }) {
			rules.Paths = append(rules.Paths, rule)
		}
	}
	slices.SortStableFunc(rules.Paths, func(a, b PathRule) int { return cmp.Compare(flag(a.URL == allPaths), flag(b.URL == allPaths)) })
}

// PathRule returns the rule for a path, decoded and without arguments.
func (rules *LimitRules) PathRule(path string) (PathRule, bool) {
	for _, rule := range rules.Paths {
		if rule.matches(path) {
			return rule, true
		}
	}
	return PathRule{}, false
}

// matches takes $ as PCRE does: it is also in front of a line feed that ends the text.
func (rule *PathRule) matches(path string) bool {
	if rule.pattern == nil || rule.pattern.MatchString(path) {
		return true
	}
	line, cut := strings.CutSuffix(path, "\n")
	return cut && rule.pattern.MatchString(line)
}

// For returns the limits of a request in the order in which nodes check them, for [Limits.InOrder]: that of the service, and that of the client and path.
func (rules *LimitRules) For(ip netip.Addr, path string) []Limit {
	limits := make([]Limit, 0, 2)
	if rules.HasWhole {
		limits = append(limits, ServiceLimit{Rate: rules.Whole, Service: rules.service()})
	}
	if rule, ok := rules.PathRule(path); ok {
		limits = append(limits, PathLimit{Rate: rule.Rate, Service: rules.service(), IP: ip, Path: path})
	}
	return limits
}

func (rules *LimitRules) service() string { return cmp.Or(rules.Service, defaultService) }

// A limitParser reads settings, and notes what is wrong.
type limitParser struct {
	sources  []Source
	problems []*SettingError
	found    map[string]bool // names that a problem was noted for
}

func (p *limitParser) err() error {
	if len(p.problems) == 0 {
		return nil
	}
	return &SettingsError{Problems: p.problems}
}

// A limitScope is what is set under one prefix.
type limitScope struct {
	paths, whole bool
	wholeRate    Rate
	rules        []PathRule
}

// scope reads the settings of a service, or, without a prefix, those of all.
func (p *limitParser) scope(prefix string) (s limitScope) {
	s.paths = p.yes(prefix, "USE_LIMIT_REQ", "yes")
	s.whole = p.yes(prefix, "USE_LIMIT_REQ_GLOBAL", "no")
	if s.whole {
		s.wholeRate = p.rate(p.get(prefix, "LIMIT_REQ_GLOBAL_RATE", "1000r/s"))
	}
	if !s.paths {
		return s
	}
	for _, suffix := range p.suffixes(prefix) {
		url, rate := p.get(prefix, "LIMIT_REQ_URL"+suffix, ""), p.get(prefix, "LIMIT_REQ_RATE"+suffix, "")
		if suffix == "" {
			url.text, rate.text = cmp.Or(url.text, allPaths), cmp.Or(rate.text, "2r/s")
		}
		if url.text == "" || rate.text == "" {
			p.missing(url, rate)
			continue
		}
		rule := PathRule{URL: url.text, Rate: p.rate(rate), pattern: p.pattern(url)}
		if !slices.ContainsFunc(s.rules, func(r PathRule) bool { return r.URL == rule.URL }) {
			s.rules = append(s.rules, rule)
		} else {
			p.problem(url, "is the URL of another rule as well")
		}
	}
	return s
}

// missing notes that of two settings, which belong together, only one is there.
func (p *limitParser) missing(url, rate limitSetting) {
	there, from, to := url, "_URL_", "_RATE_"
	if url.text == "" {
		there, from, to = rate, to, from
	}
	at := strings.LastIndex(there.name, from)
	missing := limitSetting{name: there.name[:at] + to + there.name[at+len(from):], source: there.source}
	p.problem(missing, "is missing, and "+there.name+" is set; nodes ignore that one without it")
}

// A limitSetting is one setting as it was found.
type limitSetting struct{ name, text, source string }

// get finds a setting: a service's own, or that of all.
func (p *limitParser) get(prefix, name, byDefault string) limitSetting {
	for _, full := range []string{prefix + name, name} {
		for i := range p.sources {
			if text, ok := p.sources[i].set(full); ok && text != "" {
				return limitSetting{full, text, p.sources[i].Name}
			}
		}
	}
	return limitSetting{prefix + name, byDefault, ""}
}

func (p *limitParser) yes(prefix, name, byDefault string) bool {
	s := p.get(prefix, name, byDefault)
	if s.text != "yes" && s.text != "no" {
		p.problem(s, "is neither yes nor no")
	}
	return s.text == "yes"
}

func (p *limitParser) rate(s limitSetting) Rate {
	rate, err := ParseRate(s.text)
	if err != nil {
		p.problem(s, `is no rate: a number, "r/" and s, m, h or d, such as 2r/s`)
	}
	return rate
}

func (p *limitParser) pattern(s limitSetting) *regexp.Regexp {
	if s.text == allPaths {
		return nil
	}
	pattern, err := regexp.Compile(s.text)
	if err != nil {
		reason, _ := strings.CutPrefix(err.Error(), "error parsing regexp: ")
		p.problem(s, "is no regular expression of RE2, which this library has in the place of nodes' PCRE: "+reason)
	}
	return pattern
}

func (p *limitParser) problem(s limitSetting, problem string) {
	if p.found[s.name] {
		return
	}
	p.found[s.name] = true
	p.problems = append(p.problems, &SettingError{Name: s.name, Value: s.text, Source: s.source, Problem: problem})
}

// maxGuessed is how far the numbers of rules are tried in a source that cannot say what it has.
const maxGuessed = 99

// suffixes returns what is behind the names of rules: nothing for the first one, then _1, _2 and so on, in the order of numbers.
func (p *limitParser) suffixes(prefix string) []string {
	numbers := map[int]bool{}
	for i := range p.sources {
		names := p.sources[i].names
		if names == nil && p.sources[i].Get != nil {
			for n := range maxGuessed + 1 {
				names = append(names, "LIMIT_REQ_URL_"+strconv.Itoa(n), "LIMIT_REQ_RATE_"+strconv.Itoa(n))
				if prefix != "" {
					names = append(names, prefix+"LIMIT_REQ_URL_"+strconv.Itoa(n), prefix+"LIMIT_REQ_RATE_"+strconv.Itoa(n))
				}
			}
		}
		for _, name := range names {
			if text, _ := p.sources[i].set(name); text == "" {
				continue
			}
			if prefix != "" {
				name = strings.TrimPrefix(name, prefix)
			}
			if n, ok := ruleNumber(name); ok {
				numbers[n] = true
			}
		}
	}
	suffixes := []string{""}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		suffixes = append(suffixes, "_"+strconv.Itoa(n))
	}
	return suffixes
}

// ruleNumber returns the number behind the name of a rule's setting.
func ruleNumber(name string) (int, bool) {
	for _, base := range []string{"LIMIT_REQ_URL_", "LIMIT_REQ_RATE_"} {
		if digits, ok := strings.CutPrefix(name, base); ok && isDigits(digits) && (digits == "0" || digits[0] != '0') {
			n, err := strconv.Atoi(digits)
			return n, err == nil
		}
	}
	return 0, false
}
