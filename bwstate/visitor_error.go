package bwstate

// A Reason says why a visitor's session is not accepted. It is for logs and for counting; a visitor should learn nothing of it.
type Reason string

const (
	NoCookie Reason = "there is no session cookie"

	// What the cookie itself shows. Nothing was asked of the server, and no key was used.
	CookieTruncated Reason = "the cookie is too short"
	CookieTooLarge  Reason = "the cookie is larger than browsers keep"
	CookieNotBase64 Reason = "the cookie is not base64url"
	CookieType      Reason = "the cookie is of an unknown type"
	CookieFlags     Reason = "the cookie asks for something that BunkerWeb is not configured to do"
	OtherStorage    Reason = "the cookie is of the other kind: on the server, or in itself"
	AbsoluteExpired Reason = "the session's absolute timeout has passed"
	RollingExpired  Reason = "the session's rolling timeout has passed"
	IdlingExpired   Reason = "the session's idling timeout has passed"
	FromTheFuture   Reason = "the session was created too far in the future"
	CookieChunks    Reason = "a part of the session is missing among the cookies"

	// CookieForged is what was altered, made up, or made with another secret.
	CookieForged Reason = "the cookie is not authentic"

	// ServerAway is only with [CookieWhenAway]: the session is on a server that cannot be reached.
	ServerAway Reason = "the session is on a server that cannot be reached"

	// What the server has, or has not, for an authentic cookie. Nothing of it is changed or deleted.
	NotStored       Reason = "the session is not on the server: ended, expired or replaced"
	ValueOtherType  Reason = "the value on the server is not a string"
	ValueTooLarge   Reason = "the value on the server is too large"
	ValueNotJSON    Reason = "the value on the server is not a JSON array of one string"
	ValueNull       Reason = "the value on the server has a null"
	ValueNotBase64  Reason = "the value on the server is not base64url"
	ValueWrongSize  Reason = "the value on the server is not as long as the cookie says"
	ValueForged     Reason = "the value on the server is not what belongs to the cookie"
	DataNotDeflated Reason = "the session's data cannot be inflated"
	DataTooLarge    Reason = "the session's data is too large"
	DataNotJSON     Reason = "the session's data is not JSON"
	DataMalformed   Reason = "the session's data is not a list of audiences"

	// EndedMeanwhile is what [VisitorSession.Save] finds: the key of the session is gone, so it is not stored again.
	EndedMeanwhile Reason = "the session ended while it was in use: destroyed, expired, or saved by another request more than ten seconds ago"

	// What [VisitorSession.Check] finds.
	OtherIP            Reason = "the session was created at another address"
	OtherUserAgent     Reason = "the session was created by another user agent"
	MetadataIncomplete Reason = "the session does not say for whom it was created"
)

// A VisitorError says that a visitor's session is not accepted. The visitor starts anew, as on a node.
type VisitorError struct {
	Reason Reason
	Err    error // what is behind it, where there is more to say
}

func (e *VisitorError) Error() string { return "bwstate: visitor's session: " + string(e.Reason) }

func (e *VisitorError) Unwrap() error { return e.Err }

// refused is why a session is not accepted, made once for each reason that needs no more words.
func refused(reason Reason) error { return &VisitorError{Reason: reason} }
