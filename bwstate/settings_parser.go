package bwstate

import (
	"maps"
	"slices"
	"strings"
)

// ParseSettings reads settings through get, which returns "" for a setting that is not set; os.Getenv fits. It is
// [ReadSettings] with one source that has no name.
func ParseSettings(get func(name string) string) (Settings, error) {
	return ReadSettings(Source{Get: get})
}

// ReadSettings reads USE_REDIS and the REDIS_* settings; [SettingsTable] lists the names. Of each setting the first
// source counts that sets it to anything but "": ReadSettings(Environment(), file) lets the environment override the
// file.
//
// Passwords, user names and the URL may come from a file: NAME_FILE names it, and one trailing line end is dropped.
// NAME, NAME_FILE and what BWREDIS_URL says of NAME are the same setting: in one source only one of them may be set,
// and a source before another overrides it, whichever it has. See [FromURL] for what a URL says.
//
// It reports every problem at once: the error is a *[SettingsError], and Settings is then the zero value. With
// USE_REDIS=no nothing is required, but what is set must still be right. White space around yes and no is ignored and
// separates sentinels; anywhere else it is part of the value. A port in REDIS_HOST is what REDIS_PORT would say in the
// same source: two that differ are an error there, and REDIS_PORT in a source before it overrides it. What begins like
// a setting and is none is in Warnings, where a source can list what it sets: [Environment], [ReadEnvFile] and
// [FromMap] can; so is NAME_FILE of a setting that is not read from a file, in any source.
//
// Reading NAME_FILE is the only I/O. No reference to a source is kept.
func ReadSettings(sources ...Source) (Settings, error) {
	p := settingsParser{
		sources: sources, given: make(map[string]bool), level: make(map[string]int), where: make(map[string]string),
		made: &making{from: make(map[string]string), written: make(map[string]string)},
	}
	for i := range sources {
		p.reportUnused(&sources[i])
	}
	for i := range settingsTable {
		p.parse(&settingsTable[i])
	}
	p.check()
	if len(p.problems) > 0 {
		return Settings{}, &SettingsError{Problems: p.problems}
	}
	p.made.parsed = p.s
	p.made.parsed.SentinelHosts, p.made.parsed.SentinelAddressMap = slices.Clone(p.s.SentinelHosts), maps.Clone(p.s.SentinelAddressMap)
	p.s.made = p.made
	return p.s, nil
}

// fileSuffix is what a setting's name has behind it where a file holds the value.
const fileSuffix = "_FILE"

// settingsParser is one run of [ReadSettings].
type settingsParser struct {
	sources  []Source
	s        Settings
	made     *making
	given    map[string]bool   // settings that have a value, right or wrong
	level    map[string]int    // which of the sources a setting is from
	where    map[string]string // what that place is called in an error
	problems []*SettingError

	url       map[string]string // what BWREDIS_URL sets; "" takes a setting back to its default
	userOfURL bool              // BWREDIS_URL, and nothing else, says who the user is
	hostPort  int               // the port written in REDIS_HOST, 0 if none
	isDefault bool              // the text at hand is the table's, not the user's
}

// parse reads one setting into p.s, or its default.
func (p *settingsParser) parse(st *setting) {
	v, ok := p.read(st)
	if !ok {
		return
	}
	text := v.text
	p.isDefault = text == ""
	if p.isDefault {
		text = st.Default
	} else {
		p.made.note(st.Name, v)
	}
	if text == "" {
		return
	}
	problem := st.parse(p, text)
	if problem == "" {
		return
	}
	if v.hide {
		text = ""
	}
	p.fail(st.Name, withoutCredentials(text, text), problem)
}

// read returns the text of a setting from the first source that has it; without one the text is empty.
func (p *settingsParser) read(st *setting) (v value, ok bool) {
	for i := range p.sources {
		v, set, ok := p.readFrom(i, st)
		if set {
			p.given[st.Name], p.level[st.Name] = v.text != "" || !ok, i
			return v, ok
		}
	}
	delete(p.where, st.Name)
	return value{}, true
}

// readFrom returns what one source says of a setting, itself and in its URL.
func (p *settingsParser) readFrom(i int, st *setting) (v value, set, ok bool) {
	src := &p.sources[i]
	p.where[st.Name] = src.Name
	v, set = p.written(st, src.Name, src.set)
	if inURL, occupied := p.inURL(i, st); occupied {
		switch {
		case !v.isSet():
			p.where[st.Name] = inURL.from
			p.userOfURL = p.userOfURL || st.Name == "REDIS_USERNAME"
			return p.fileOf(st, inURL)
		case st.Name != "USE_REDIS" && !v.same(inURL):
			p.refuseBoth(st, v)
			return value{}, true, false
		}
	}
	switch {
	case !set:
		return value{}, false, true
	case !v.isSet():
		p.made.noteEmpty(st.Name)
		return value{}, false, true
	}
	return p.fileOf(st, v)
}

// inURL returns what BWREDIS_URL says of a setting, if it is this source that has it. It may say that it is not set.
func (p *settingsParser) inURL(i int, st *setting) (v value, ok bool) {
	if p.url == nil || p.level[urlName] != i {
		return value{}, false
	}
	return p.written(st, join(p.sources[i].Name, urlName), func(name string) (text string, ok bool) {
		text, ok = p.url[name]
		return text, ok
	})
}

// written looks for NAME and NAME_FILE in one place, without reading the file.
func (p *settingsParser) written(st *setting, from string, set func(name string) (string, bool)) (v value, ok bool) {
	v = value{from: from, hide: st.Secret}
	v.text, ok = set(st.Name)
	if st.File {
		v.path, _ = set(st.Name + fileSuffix)
	}
	return v, ok || v.path != ""
}

// fileOf reads the file of a value that is in one.
func (p *settingsParser) fileOf(st *setting, v value) (_ value, set, ok bool) {
	if v.path == "" {
		return v, true, true
	}
	fileName := st.Name + fileSuffix
	if v.text != "" {
		p.fail(st.Name, "", "set here and in "+fileName+"; only one of them may be")
		return value{}, true, false
	}
	text, problem := readSecretFile(v.path)
	if problem != "" {
		p.fail(fileName, shownPath(v.path), problem)
		return value{}, true, false
	}
	v.text, v.hide = text, true
	return v, true, true
}

func (p *settingsParser) refuseBoth(st *setting, named value) {
	shown := named.text
	if named.hide || named.path != "" {
		shown = ""
	}
	p.fail(st.Name, withoutCredentials(shown, shown), "set here, and "+urlName+" says something else; only one of them may say it")
}

// reportUnused warns of what looks like a setting, and of files that nobody reads.
func (p *settingsParser) reportUnused(src *Source) {
	where := ""
	if src.Name != "" {
		where = " (" + src.Name + ")"
	}
	for _, name := range src.unknown() {
		p.warn(name + where + " is the name of no setting, so it is not used")
	}
	for i := range settingsTable {
		st := &settingsTable[i]
		if st.File {
			continue
		}
		if _, set := src.set(st.Name + fileSuffix); set {
			p.warn(st.Name + fileSuffix + where + " is not used: " + st.Name + " is not read from a file")
		}
	}
}

func (p *settingsParser) fail(name, value, problem string) {
	where := p.where[strings.TrimSuffix(name, fileSuffix)]
	p.problems = append(p.problems, &SettingError{Name: name, Value: value, Source: where, Problem: problem})
}

func (p *settingsParser) warn(text string) { p.s.Warnings = append(p.s.Warnings, text) }

// failed says whether a setting was refused.
func (p *settingsParser) failed(name string) bool {
	for _, e := range p.problems {
		if e.Name == name {
			return true
		}
	}
	return false
}

// unit is what a bare number means. The defaults are the documented ones, in seconds whatever was selected.
func (p *settingsParser) unit() Unit {
	if p.isDefault {
		return Seconds
	}
	return p.s.Unit
}
