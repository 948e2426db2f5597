package bwstate

import (
	"context"
	"strconv"
)

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

// SetCookies returns the lines for Set-Cookie headers that the visitor's browser needs after what was done: none when nothing was.
func (s *VisitorSession) SetCookies() []string { return s.setCookies }

// chunks cuts the text of a session that is in cookies: what stands behind the header, then what the cookies behind the first hold.
func (vs *VisitorSessions) chunks(size int) (first, rest, count int) {
	name := len(vs.settings.Name)
	if name+1+headerTextSize+size <= maxCookieSize {
		return size, 0, 1
	}
	first, rest = maxCookieSize-headerTextSize-name-1, maxCookieSize-name-2
	return first, rest, 1 + (size-first+rest-1)/rest
}

// chunkName is the name of a further cookie, from the second on.
func (vs *VisitorSessions) chunkName(number int) string {
	return vs.settings.Name + strconv.Itoa(number)
}

// chunkCount is how many cookies the session is in.
func (s *VisitorSession) chunkCount() int {
	if !s.kept || s.header.stored() {
		return 1
	}
	_, _, count := s.sessions.chunks(int(s.header.size()))
	return min(count, maxChunks)
}

// gather puts together a session that is in cookies, and opens it, if the server is away. Nodes refuse such sessions while it is there.
func (s *VisitorSession) gather(ctx context.Context, text string, cookie func(string) string) error {
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
		chunk := cookie(vs.chunkName(i))
		if chunk == "" {
			return refused(CookieChunks)
		}
		if len(chunk) > maxCookieSize {
			return refused(CookieTooLarge)
		}
		s.text = append(s.text, chunk...)
	}
	if err := s.unseal(s.text); err != nil {
		return err
	}
	switch err := vs.state.Ping(ctx); {
	case err == nil:
		return refused(OtherStorage)
	case !vs.without(ctx, err):
		return err
	default:
		s.away = err
		return nil
	}
}

// tell notes what the browser has to be told of a session that was just saved or touched. before is how many cookies it was in.
func (s *VisitorSession) tell(before int) {
	vs := s.sessions
	line := append(make([]byte, 0, 256), vs.settings.Name...)
	line = s.header.appendText(append(line, '='))
	if s.header.stored() {
		s.setCookies = []string{string(append(line, vs.attributes...))}
		s.takeBack(2, before)
		return
	}
	first, rest, count := vs.chunks(len(s.text))
	line = append(line, s.text[:first]...)
	s.setCookies = []string{string(append(line, vs.attributes...))}
	for i, text := 2, s.text[first:]; i <= count; i++ {
		n := min(rest, len(text))
		s.setCookies = append(s.setCookies, vs.chunkName(i)+"="+string(text[:n])+vs.attributes)
		text = text[n:]
	}
	s.takeBack(count+1, before)
}

// takeBack takes back the further cookies of these numbers.
func (s *VisitorSession) takeBack(from, to int) {
	for i := from; i <= to; i++ {
		s.setCookies = append(s.setCookies, s.sessions.chunkName(i)+"="+s.sessions.attributes+endedAttributes)
	}
}
