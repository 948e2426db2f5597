package bwstate

import "encoding/json"

// Check compares the visitor with the one that the session was created for, as nodes do: the address and the user agent, each unless the settings say otherwise,
// with the texts under "metadata". A session without metadata passes, as it does on nodes; one whose metadata lacks what is to be compared does not.
//
// A node destroys a session that does not pass, and starts a new one. Check itself changes nothing.
func (s *VisitorSession) Check(v Visitor) error {
	if err := checkAddr(v.IP); err != nil {
		return err // it is not known who asks
	}
	metadata := s.shared("metadata")
	if metadata == nil {
		return nil
	}
	if !s.sessions.settings.AnyIP && !hasText(metadata, "IP", v.ip()) {
		return refused(OtherIP)
	}
	if !s.sessions.settings.AnyUserAgent && !hasText(metadata, "USER_AGENT", v.UserAgent) {
		return refused(OtherUserAgent)
	}
	return nil
}

// shared returns what BunkerWeb's own plugins keep under a name; nil when there is nothing.
func (s *VisitorSession) shared(name string) []byte {
	i := index(s.audiences, defaultAudience)
	if i < 0 {
		return nil
	}
	if j := s.audiences[i].find(name); j >= 0 {
		return s.audiences[i].fields[j].value
	}
	return nil
}

// hasText reports whether an object has a text under a name. Of several, the last counts.
func hasText(object []byte, name, text string) (has bool) {
	fields, ok := items(object, '{')
	for ok {
		var quoted, value []byte
		if quoted, ok = fields.next(); !ok {
			break
		}
		value, ok = fields.next()
		if found, _ := jsonText(quoted); found == name {
			got, isText := jsonText(value)
			has = isText && got == text
		}
	}
	return has
}

// Antibot is what BunkerWeb's antibot plugin keeps in a session.
type Antibot struct {
	Type        string  `json:"type"`     // cookie, javascript, captcha, recaptcha, hcaptcha, turnstile, mcaptcha, capjs
	Prepared    bool    `json:"prepared"` // a challenge was made
	Resolved    bool    `json:"resolved"` // and solved
	OriginalURI string  `json:"original_uri"`
	TimeResolve float64 `json:"time_resolve"` // when the challenge was made, Unix seconds
	TimeValid   float64 `json:"time_valid"`   // when it was solved
}

// Antibot returns what the antibot plugin knows of the visitor, and false when it keeps nothing in this session.
func (s *VisitorSession) Antibot() (a Antibot, found bool) {
	value := s.shared("antibot")
	if value == nil || isEmpty(value, '[') {
		return a, value != nil
	}
	if value[0] != '{' || json.Unmarshal(value, &a) != nil {
		return Antibot{}, false
	}
	return a, true
}
