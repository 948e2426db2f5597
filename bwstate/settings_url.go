package bwstate

import (
	"net/url"
	"slices"
	"strings"
)

// A urlReader takes BWREDIS_URL apart. It does without net/url's parser, which knows no lists of hosts and repeats the
// URL, with its password, in its errors.
type urlReader struct {
	urlScheme
	values   map[string]string // settings
	problems []urlProblem
}

// A urlProblem may show a value only where that cannot be a part of a password that was not encoded.
type urlProblem struct{ value, text string }

type urlScheme struct{ tls, sentinels, socket bool }

const plainSchemes = "redis, rediss, valkey, valkeys"

// schemeOf knows the schemes, all of which users have for other libraries.
func schemeOf(name string) (s urlScheme, ok bool) {
	name = strings.ToLower(name)
	if name == "unix" {
		return urlScheme{socket: true}, true
	}
	name, s.sentinels = strings.CutSuffix(name, "+sentinel")
	if !slices.Contains(strings.Split(plainSchemes, ", "), name) {
		return urlScheme{}, false
	}
	s.tls = name == "rediss" || name == "valkeys"
	return s, true
}

// parseURL reads BWREDIS_URL into p.url. What is wrong in it is reported here, or with the setting that it sets.
func (p *settingsParser) parseURL(text string) (problem string) {
	r := urlReader{values: map[string]string{"USE_REDIS": "yes"}}
	r.read(text)
	for _, problem := range r.problems {
		p.fail(urlName, problem.value, problem.text)
	}
	p.url = r.values
	return ""
}

func (r *urlReader) fail(value, problem string) {
	r.problems = append(r.problems, urlProblem{value, problem})
}

// read stops where the rest may be something else than it looks like: a password with a / in it, for example, would be
// taken for a host and a path.
func (r *urlReader) read(text string) {
	name, rest, _ := strings.Cut(text, ":")
	scheme, known := schemeOf(name)
	hierarchical := strings.HasPrefix(rest, "//")
	switch {
	case !known || !hierarchical && !scheme.socket:
		r.fail("", "must begin with unix: or with one of "+plainSchemes+", with or without +sentinel, and ://")
		return
	case strings.ContainsFunc(text, spaceOrControl):
		r.fail("", "must not hold white space or control characters; a space is %20")
		return
	case strings.Contains(text, "#"):
		r.fail("", "must not hold a #, which is %23 in a user, a password or a value")
		return
	}
	r.urlScheme = scheme
	rest, query, hasQuery := strings.Cut(rest, "?")
	authority, path := "", rest
	if hierarchical {
		authority, path = cutAuthority(rest[len("//"):])
	}
	if strings.Count(authority, "@") > 1 || strings.Contains(path+query, "@") {
		r.fail("", "has an @ too many: in a user or a password, and in a value, @ is %40, / is %2F and ? is %3F")
		return
	}
	if !r.readAuthority(authority) {
		return
	}
	r.readPath(path)
	if hasQuery {
		r.readQuery(query)
	}
	r.settleTLS()
}

// settleTLS says whether there is TLS where neither the scheme nor a parameter has: whatever sources behind the URL say is of other servers.
func (r *urlReader) settleTLS() {
	if _, said := r.values["REDIS_SSL"]; !said {
		r.values["REDIS_SSL"] = "no"
	}
	if _, said := r.values["REDIS_SENTINEL_SSL"]; !said && r.sentinels {
		r.values["REDIS_SENTINEL_SSL"] = ""
	}
}

func cutAuthority(text string) (authority, path string) {
	if i := strings.IndexByte(text, '/'); i >= 0 {
		return text[:i], text[i:]
	}
	return text, ""
}

// readAuthority says whether the rest can be trusted to be what it looks like.
func (r *urlReader) readAuthority(authority string) bool {
	before := len(r.problems)
	user, hosts, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, hosts = "", authority
	} else {
		r.readUser(user)
	}
	shown := ""
	if hasUser { // then a password, if there is one, is before the @
		shown = hosts
	}
	r.values["REDIS_SSL"] = "no"
	if r.tls {
		r.values["REDIS_SSL"] = "yes"
	}
	r.values["REDIS_HOST"], r.values["REDIS_SENTINEL_HOSTS"] = "", ""
	switch {
	case r.socket:
		delete(r.values, "REDIS_SSL") // the ssl parameter may say so
		if hosts != "" {
			r.fail(shown, "must be unix: and the absolute path of a socket, without a host")
		}
	case r.sentinels:
		r.readSentinels(hosts, shown)
	default:
		r.readHost(hosts, shown)
	}
	return len(r.problems) == before
}

// readUser reads what is before the @. A password comes with its user, or with the server's default user.
func (r *urlReader) readUser(text string) {
	user, password, hasPassword := strings.Cut(text, ":")
	switch {
	case text == "":
		r.fail("", "has nothing before its @; leave the @ out")
		return
	case hasPassword && password == "":
		r.fail("", "has an empty password before its @; leave the colon out")
		return
	}
	user, problem := unescape(user)
	if problem == "" {
		problem = checkToken(user) // here, as some write a password in the place of the user
	}
	if problem != "" {
		r.fail("", "user: "+problem)
		return
	}
	password, problem = unescape(password)
	if problem != "" {
		r.fail("", "password: "+problem)
		return
	}
	r.values["REDIS_USERNAME"] = user
	if hasPassword {
		r.values["REDIS_PASSWORD"] = password
	}
}

// readHost leaves to REDIS_HOST and REDIS_PORT what they accept.
func (r *urlReader) readHost(text, shown string) {
	switch {
	case text == "":
		r.fail("", "has no host")
	case strings.Contains(text, ","):
		r.fail(shown, "has several hosts, which are for the schemes with +sentinel")
	default:
		host, port, problem := splitURLHost(text)
		if problem != "" {
			r.fail(shown, problem)
			return
		}
		r.values["REDIS_HOST"], r.values["REDIS_PORT"] = host, port
		if port == "" {
			r.values["REDIS_PORT"] = "6379"
		}
	}
}

func (r *urlReader) readSentinels(text, shown string) {
	var all []string
	for i, entry := range strings.Split(text, ",") {
		host, port, problem := splitURLHost(entry)
		switch {
		case entry == "":
			problem = "is missing"
		case problem == "" && port != "":
			entry = bracketed(host) + ":" + port
		case problem == "":
			entry = bracketed(host)
		}
		if problem != "" {
			r.fail(shown, "host "+decimal(i+1)+": "+problem)
			continue
		}
		all = append(all, entry)
	}
	r.values["REDIS_SENTINEL_HOSTS"] = strings.Join(all, " ")
}

// splitURLHost is splitHost with what a URL asks for: brackets around IPv6, and %25 in front of its zone.
func splitURLHost(text string) (host, port, problem string) {
	if strings.HasPrefix(text, "[") {
		text = strings.Replace(text, "%25", "%", 1)
	} else if strings.Count(text, ":") > 1 {
		return "", "", "write an IPv6 address in brackets"
	}
	host, number, problem := splitHost(text)
	if problem == "" && number != 0 {
		port = decimal(number)
	}
	return host, port, problem
}

// unescape decodes %XX. The error of net/url shows a part of the text.
func unescape(text string) (decoded, problem string) {
	decoded, err := url.PathUnescape(text)
	if err != nil {
		return "", "two hexadecimal digits belong behind every %; the character itself is %25"
	}
	return decoded, ""
}
