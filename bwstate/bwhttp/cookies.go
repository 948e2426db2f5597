package bwhttp

import (
	"net/http"
	"strings"
)

// cookies returns how to look up a request's cookies. Of several of one name the first counts, as for nginx.
func cookies(r *http.Request) func(name string) string {
	return func(name string) string {
		for _, line := range r.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				if found, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && found == name {
					return strings.TrimSpace(value)
				}
			}
		}
		return ""
	}
}

// merge puts together the lines for Set-Cookie of a session and of the one that follows it: of two for one cookie, the second.
func merge(first, second []string) []string {
	if len(first) == 0 {
		return second
	}
	later := map[string]bool{}
	for _, line := range second {
		later[cookieName(line)] = true
	}
	var all []string
	for _, line := range first {
		if !later[cookieName(line)] {
			all = append(all, line)
		}
	}
	return append(all, second...)
}

func cookieName(line string) string {
	name, _, _ := strings.Cut(line, "=")
	return name
}

func addLines(header http.Header, lines []string) {
	for _, line := range lines {
		header.Add("Set-Cookie", line)
	}
}

// withoutCookies returns the request without the cookies that lines, as they stand behind Set-Cookie, take back. The request itself stays as it is.
func withoutCookies(r *http.Request, lines []string) *http.Request {
	gone := map[string]bool{}
	for _, line := range lines {
		gone[cookieName(line)] = true
	}
	var kept []string
	for _, line := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			if pair != "" && !gone[cookieName(pair)] {
				kept = append(kept, pair)
			}
		}
	}
	r = r.Clone(r.Context())
	r.Header.Del("Cookie")
	if len(kept) > 0 {
		r.Header.Set("Cookie", strings.Join(kept, "; "))
	}
	return r
}
