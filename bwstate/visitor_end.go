package bwstate

import "context"

// Destroy ends the session for the visitor and on the server, in one round trip. When the server cannot be reached that is an error, whatever
// [VisitorSettings.Away] says, because the session lives on there; the visitor's cookies are taken back even so, and Destroy may be called again. Old keys go
// with it, as far as they are of saves of this VisitorSession; one that another request replaced a moment ago lives on for its ten seconds, and what another request
// saved before, under an id that is not known here, is another session. Saves that other requests begin afterwards fail with [EndedMeanwhile].
//
// A session that was destroyed has no id, no times, and no values; it can neither be changed nor saved.
func (s *VisitorSession) Destroy(ctx context.Context) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	defer s.done()
	op := newAdhoc()
	defer op.recycle()
	if !s.end(op) {
		return nil
	}
	op.q.MarkIdempotent()
	err := s.sessions.state.roundTrip(ctx, &op.q, op)
	defer s.lock()()
	s.livesOn = err != nil
	return err
}

// end ends the session here, and reports whether the server has to end it, too.
func (s *visitorState) end(op *adhoc) bool {
	defer s.lock()()
	if s.ended && !s.livesOn {
		return false
	}
	s.ended, s.livesOn, s.text = true, false, nil
	s.audiences = s.audiences[:0]
	s.takeAudience()
	op.q.Cmd("UNLINK")
	some := s.kept && s.header.stored()
	if some {
		s.addKeys(&op.q, []SessionID{s.header.id()})
	}
	s.addKeys(&op.q, s.replaced)
	s.addKeys(&op.q, s.doubtful)
	return some || len(s.replaced)+len(s.doubtful) > 0
}
