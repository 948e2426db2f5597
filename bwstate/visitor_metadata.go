package bwstate

import "encoding/json"

// Check compares the visitor with the one that the session was created for, as nodes do: the address and the user agent, each unless the settings say otherwise,
// with the texts under "metadata". A session without metadata passes, as it does on nodes.
//
// A node destroys a session that was created for somebody else ([OtherIP], [OtherUserAgent]), and starts a new one. One whose metadata lacks a text that is to be
// compared ([MetadataIncomplete]) it leaves alone, because its check breaks off; here it does not pass either, but there is no reason to destroy it. Check itself
// changes nothing. A session that was destroyed does not pass.
func (s *VisitorSession) Check(v Visitor) error {
	if err := checkAddr(v.IP); err != nil {
		return err // it is not known who asks
	}
	metadata, settings := s.shared("metadata"), &s.sessions.settings
	switch {
	case s.isEnded():
		return errEnded
	case metadata == nil:
		return nil
	}
	ip, hasIP := textIn(metadata, "IP")
	agent, hasAgent := textIn(metadata, "USER_AGENT")
	switch {
	case !settings.AnyIP && !hasIP, !settings.AnyUserAgent && !hasAgent:
		return refused(MetadataIncomplete)
	case !settings.AnyIP && ip != v.ip():
		return refused(OtherIP)
	case !settings.AnyUserAgent && agent != v.UserAgent:
		return refused(OtherUserAgent)
	}
	return nil
}

func (s *VisitorSession) isEnded() bool {
	defer s.lock()()
	return s.ended
}

// shared returns what BunkerWeb's own plugins keep under a name; nil when there is nothing.
func (s *VisitorSession) shared(name string) []byte {
	defer s.lock()()
	i := index(s.audiences, defaultAudience)
	if i < 0 {
		return nil
	}
	if j := s.audiences[i].find(name); j >= 0 {
		return s.audiences[i].fields[j].value
	}
	return nil
}

// textIn returns the text under a name of an object, and false when there is none. Of several, the last counts.
func textIn(object []byte, name string) (text string, isText bool) {
	fields, ok := items(object, '{')
	for ok {
		var quoted, value []byte
		if quoted, ok = fields.next(); !ok {
			break
		}
		value, ok = fields.next()
		if found, _ := jsonText(quoted); found == name {
			text, isText = jsonText(value)
		}
	}
	return text, isText
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
