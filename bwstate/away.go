package bwstate

// WhenAway says what an operation does while the server cannot be reached. Each kind of state names those that it has.
type WhenAway byte

const (
	// FailWhenAway makes every operation fail, and nothing is kept anywhere else: the application's sessions with an [*AwayError], visitors' with a [*VisitorError] or the
	// error of the connection. Sessions that a node put into a cookie are recognised and refused.
	FailWhenAway WhenAway = iota

	// CookieWhenAway keeps sessions that begin then in the cookie altogether, as nodes do, sealed, until the server is back. What is in a cookie can neither be
	// listed nor ended before its time: who kept a copy of the cookie can use it again until the server is back, and then it is refused. Nobody notices a lost
	// update: the last cookie counts, and the clock of this process. A session that is on the server cannot be opened meanwhile: a visitor gets a new one, and the
	// application's fails with an [*AwayError].
	//
	// The application's take a key for that: Create returns a session that is [InCookie], with a longer Token. Load and Touch accept it for as long as the server is
	// away; Save and Rotate move it to the server when that is back, unless RevokeAll or RevokeOthers of its subject was called meanwhile, which leave a mark there.
	// In the next outage nobody can ask for marks: a cookie that somebody kept opens again then, until the limits end it that were written into it, Absolute after it
	// was created at the latest, whatever was ended, moved to the server or saved in between. Who cannot have that takes FailWhenAway, or a short Absolute.
	CookieWhenAway

	// LocalWhenAway counts in the memory of this process until the server is back, as nodes do: limits, bad behaviour and an application's counters. Each result says
	// so: Degraded is true. Counts begin at nothing there, and what was counted is not added to the server's later; the memory is bounded, and what would end
	// first is forgotten when it is full.
	LocalWhenAway
)
