package main

import (
	"fmt"
	"io"

	"github.com/bwredis/bwredis/bench/clients"
)

const introduction = `# Hostile replies

What bwredis and other Go clients make of replies that no server should send: lengths that lie, bytes that are no RESP, replies that are deep, endless or bulky. Each
is the answer to a GET, sent by a scripted server on loopback to one connection of a client that was set up as its documentation says. Each client reads each reply in
a process of its own, which may take 12 GiB of address space and a minute. No client tries again, and each waits %s for the reply.

    make hostile

writes this document anew. The replies are the table in internal/frames, which the tests and fuzz targets of package resp start from. Measured with
%s.

- **error**: the call returned an error, also that the reply took too long. In our column, the message of the SyntaxError and its offset, or why the connection ended.
- **accepts**: the call returned a value, as if all were well.
- **panic**: the calling goroutine panicked. **crash**: the process died, and nothing could have prevented it. **hangs**: it was ended after a minute.
- Memory is mentioned from 16 MiB on: what the process took beyond what it had before, as address space or touched. What is refused for a length or a depth should
  take none. A reply that is read as it is costs the buffer it arrived in, which doubles as it grows, and what it is made into.

`

// writeIntroduction prints what stands before the table.
func writeIntroduction(w io.Writer) { fmt.Fprintf(w, introduction, readTimeout, clients.Versions()) }
