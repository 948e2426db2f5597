package bwstate

import "time"

// A Certificate is one that TLS uses, as it is now.
type Certificate struct {
	Setting  string // REDIS_SSL_CA, REDIS_SSL_CA_DIR or REDIS_SSL_CERT; empty: a server showed it
	File     string // which it is in
	Subject  string
	NotAfter time.Time // when it ends
}

// Certificates lists the certificates of the files that the settings name, and the one that a server, Redis or a
// sentinel, showed in the last TLS handshake; those that end first are in front. Without TLS there are none. The slice
// is the caller's.
func (s *State) Certificates() []Certificate {
	if s.certificates == nil {
		return nil
	}
	return s.certificates()
}
