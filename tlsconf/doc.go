// Package tlsconf turns file names and yes-or-no answers into a [tls.Config] for a client of Redis, Valkey or
// Sentinel.
//
//	s := tlsconf.Settings{Enabled: true, Verify: true, CAFile: "/etc/redis/ca.pem"}
//	config, err := s.Config() // nil, nil when TLS is not enabled
//
// # What is checked
//
// With Verify the server must show a certificate that carries the expected name and leads to an authority of
// the system or of CAFile; TLS 1.2 is the least that is spoken. The expected name is ServerName when it is set.
// When it is not, whoever dials puts the host of the address there, as [crypto/tls.Dialer] does: with
// sentinels that is whatever address they announce, usually an IP address, so a certificate without that
// address needs ServerName. Without Verify any certificate is accepted, and so is whoever poses as the server.
//
// # Files
//
// All files are PEM, may have 1 MiB each, and are read by [Settings.Config]; what is wrong with one is an
// [*Error] that names it. The client certificate is read again when its files change, so that one of a short
// life can be renewed under a running program. The authorities are not: call Config again.
//
// # Errors of a handshake
//
// What crypto/tls says of a certificate it refused leaves out what was in it. [Explain] adds that.
//
// The package imports nothing but the standard library, starts no goroutine and keeps no state outside of the
// Config it returns, which is safe for concurrent use and for Clone like any other.
package tlsconf
