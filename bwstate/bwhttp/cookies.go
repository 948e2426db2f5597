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

// withoutCookies returns the request without the cookies that lines, as they stand behind Set-Cookie, take back. The request itself stays as it is.
func withoutCookies(r *http.Request, lines []string) *http.Request {
	gone := map[string]bool{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, "=")
		gone[name] = true
	}
	var kept []string
	for _, line := range r.Header["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			if name, _, _ := strings.Cut(pair, "="); pair != "" && !gone[name] {
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
