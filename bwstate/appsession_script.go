package bwstate

// The scripts of the application's own sessions. They share lua/appsession.lua, which stands in front of each.
var (
	putSessionScript    = newScript("appsession_put.lua", putSessionTwin, "appsession.lua")
	touchSessionScript  = newScript("appsession_touch.lua", touchSessionTwin, "appsession.lua")
	revokeSessionScript = newScript("appsession_revoke.lua", revokeSessionTwin, "appsession.lua")
	revokeSubjectScript = newScript("appsession_revokeall.lua", revokeSubjectTwin, "appsession.lua")
	listSessionsScript  = newScript("appsession_list.lua", listSessionsTwin, "appsession.lua")
)

// What the scripts return besides heads and sessions, which begin with headMagic.
const (
	notOurs      = "F" // the key holds something else
	notOurIndex  = "I" // the index is something else
	notOurMark   = "M" // the mark is something else
	tooLarge     = "L" // the session is larger than the caller takes
	otherSubject = "S" // only a session with a new id may have another subject
	otherVersion = 'V' // the version follows
	howMany      = 'N' // the number follows
)

// Versions that are none.
const (
	newSession = 0  // there must be no session yet
	anySession = -1 // whatever there is
)
