package bwstate

// endedAttributes is how a cookie is taken back.
const endedAttributes = "; Expires=Thu, 01 Jan 1970 00:00:01 GMT; Max-Age=0"

// maxChunks is how many cookies one session may take.
const maxChunks = 9

// cookieAttributes are what stands behind a cookie's value, in the order in which nodes write them.
func cookieAttributes(s *VisitorSettings) string {
	attributes := "; Path=/; SameSite=Lax"
	if s.Domain != "" && s.Domain != "localhost" {
		attributes = "; Domain=" + s.Domain + attributes
	}
	if s.Secure {
		attributes += "; Secure"
	}
	return attributes + "; HttpOnly"
}

// SetCookies returns the lines for Set-Cookie headers that the visitor's browser needs after what was done so far: none when nothing was, and no two for one
// cookie. They replace those that an earlier call returned.
func (s *VisitorSession) SetCookies() []string {
	defer s.lock()()
	return s.setCookies()
}

// Finish returns the lines as SetCookies does, for the last time: they leave now, or cannot leave any more. What would tell the browser more is refused from then
// on, because a save draws a new id: Save with an [*ArgumentError], as Commit when something was changed; Touch does nothing. Destroy still ends the session.
// For a save that is under way it waits, as long as that takes: the browser has to learn of it.
func (s *VisitorSession) Finish() []string {
	s.finish()
	s.turn <- struct{}{}
	defer s.done()
	return s.SetCookies()
}

func (s *visitorState) finish() {
	defer s.lock()()
	s.finished = true
}

// TakesOver tells the session which cookies the visitor's browser sent; cookie returns the value of one of them, and "" when there is none. When the browser is told
// of the session, it is also told to forget parts of another that was in cookies, as far as these show that they are. [VisitorSessions.Open] does so by itself.
func (s *VisitorSession) TakesOver(cookie func(name string) string) {
	vs := s.sessions
	found := vs.fullChunks(cookie)
	var h header
	if h.parse(cookie(vs.settings.Name)) == nil && !h.stored() && vs.keys.authentic(&h) {
		found |= vs.chunkBits(int(h.size()))
	}
	defer s.lock()()
	s.chunks |= found
}

// fullChunks finds parts of a session that nothing announces, such as those that a node left behind: one that is as long as parts are that have another behind
// them, and those behind it. Any other cookie of such a name may be somebody else's.
func (vs *VisitorSessions) fullChunks(cookie func(string) string) (found uint16) {
	full := maxCookieSize - len(vs.settings.Name) - 2
	for i := 2; i <= maxChunks; i++ {
		text := cookie(vs.chunkNames[i])
		if text == "" || len(text) > full || i == 2 && len(text) < full || !isBase64URL(text) {
			break
		}
		if found |= 1 << i; len(text) < full {
			break
		}
	}
	return found
}

func isBase64URL(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// chunkBits are the further cookies that data of a size is in.
func (vs *VisitorSessions) chunkBits(size int) (bits uint16) {
	_, _, count := vs.chunks(size)
	for i := 2; i <= min(count, maxChunks); i++ {
		bits |= 1 << i
	}
	return bits
}

// chunks cuts the text of a session that is in cookies: what stands behind the header, then what the cookies behind the first hold.
func (vs *VisitorSessions) chunks(size int) (first, rest, count int) {
	name := len(vs.settings.Name)
	if name+1+headerTextSize+size <= maxCookieSize {
		return size, 0, 1
	}
	first, rest = maxCookieSize-headerTextSize-name-1, maxCookieSize-name-2
	return first, rest, 1 + (size-first+rest-1)/rest
}

// gather puts together a session that is in cookies, and opens it. It counts if the server is away: nodes refuse such sessions while it is there.
func (s *visitorState) gather(text string, cookie func(string) string) error {
	vs, size := s.sessions, int(s.header.size())
	first, _, count := vs.chunks(size)
	if count > maxChunks {
		return refused(CookieTooLarge)
	}
	body := text[headerTextSize:]
	if count == 1 { // nodes count from the end
		body = body[max(0, len(body)-size):]
	} else if len(body) != first {
		return refused(ValueWrongSize)
	}
	s.text = append(s.text, body...)
	for i := 2; i <= count; i++ {
		chunk := cookie(vs.chunkNames[i])
		if chunk == "" {
			return refused(CookieChunks)
		}
		if len(chunk) > maxCookieSize {
			return refused(CookieTooLarge)
		}
		s.text = append(s.text, chunk...)
	}
	return s.unseal(s.text)
}

// setCookies makes the lines: what the browser has to keep, and what it has to forget.
func (s *visitorState) setCookies() (lines []string) {
	vs := s.sessions
	switch {
	case s.ended && s.kept:
		return s.takeBack([]string{vs.settings.Name + "=" + vs.attributes + endedAttributes}, s.chunks)
	case s.ended || !s.told:
		return nil
	}
	line := append(make([]byte, 0, 256), vs.settings.Name...)
	line = s.header.appendText(append(line, '='))
	if s.header.stored() {
		return s.takeBack([]string{string(append(line, vs.attributes...))}, s.chunks)
	}
	first, rest, count := vs.chunks(len(s.text))
	line = append(line, s.text[:first]...)
	lines = []string{string(append(line, vs.attributes...))}
	for i, text := 2, s.text[first:]; i <= count; i++ {
		n := min(rest, len(text))
		lines = append(lines, vs.chunkNames[i]+"="+string(text[:n])+vs.attributes)
		text = text[n:]
	}
	return s.takeBack(lines, s.chunks&^vs.chunkBits(len(s.text)))
}

// takeBack adds the lines that take back further cookies.
func (s *visitorState) takeBack(lines []string, chunks uint16) []string {
	for i := 2; i <= maxChunks; i++ {
		if chunks&(1<<i) != 0 {
			lines = append(lines, s.sessions.chunkNames[i]+"="+s.sessions.attributes+endedAttributes)
		}
	}
	return lines
}
