package nodeapi

import (
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// nodeURL returns the address of a node with everything that can be left out, or what is wrong with it.
func nodeURL(text string) (node, problem string) {
	text = strings.TrimSpace(text)
	if ip, err := netip.ParseAddr(text); err == nil && ip.Is6() {
		text = "[" + strings.Replace(text, "%", "%25", 1) + "]"
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", "are not all URLs" // the text may hold a password
	}
	port := map[string]string{"http": "5000", "https": "5443"}[u.Scheme]
	switch {
	case port == "":
		return "", "have a scheme that is neither http nor https"
	case u.User != nil:
		return "", "have a user or a password in a URL: nodes take a token"
	case u.Hostname() == "":
		return "", "are not all with a host"
	case u.Path != "" && u.Path != "/", u.RawQuery != "", u.ForceQuery, u.Fragment != "":
		return "", "have more than a host and a port in a URL"
	}
	if text := u.Port(); text != "" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			return "", "have a port that is none: " + text
		}
		port = strconv.FormatUint(n, 10)
	}
	host := strings.ToLower(u.Hostname())
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil { // of which there is one spelling, with the zone as it is
		host = ip.String()
	}
	return (&url.URL{Scheme: u.Scheme, Host: net.JoinHostPort(host, port)}).String(), ""
}

// isField reports whether a text can be the value of a header.
func isField(text string) bool {
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
