// Package tlsconf turns file names and yes-or-no answers into a [tls.Config] for a client of Redis, Valkey or
// Sentinel.
//
//	s := tlsconf.Settings{Enabled: true, Verify: true, CAFile: "/etc/redis/ca.pem"}
//	source, err := s.Source()  // nil, nil when TLS is not enabled
//	config := source.Config()  // before each dial
//
// # What is checked
//
// With Verify the server must show a certificate that carries the expected name and leads to an authority of
// the system, of CAFile or of CADir; TLS 1.2 is the least that is spoken. The expected name is ServerName when it
// is set. When it is not, whoever dials puts the host of the address there, as [crypto/tls.Dialer] does: with
// sentinels that is whatever address they announce, usually an IP address, so a certificate without that
// address needs ServerName. Without Verify any certificate is accepted, and so is whoever poses as the server.
//
// # Files
//
// All files are PEM and may have 1 MiB each. Of a directory count the files *.pem, *.crt and *.cer, in any case, and
// those named by a hash, such as 1a2b3c4d.0, as "openssl rehash" makes them; hidden files and directories in it do
// not, and 8 MiB are the most. What is wrong with one is an [*Error] that names it: one bad certificate among good
// ones is refused, not stepped over.
//
// A [Source] looks at the files before each dial, and reads those that have changed: authorities and client
// certificates can be renewed, or taken away, under a running program. Connections that are open stay open. When
// something is wrong with new files, the old ones stay in use, and OnWarning and [Source.Err] tell. What
// [Settings.Config] returns follows the client certificate only.
//
// Reconnecting resumes a session where the server lets it, but no session from before a change. [Source.Expiry] says
// when certificates end, the server's included, and OnWarning is told in time.
//
// # Errors of a handshake
//
// What crypto/tls says of a certificate it refused leaves out what was in it, and what a server says of a client's
// leaves out everything. [Explain] and [Source.Explain] add that.
//
// The package imports nothing but the standard library, starts no goroutine and keeps no state outside of a
// Source. A Config is safe for concurrent use and for Clone like any other.
package tlsconf
