package conn_test

import (
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// openFiles returns how many descriptors this process has, where that can be told; elsewhere always 0.
func openFiles() int {
	pollerIsThere()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(entries)
}

// pollerIsThere opens a socket once: the first one brings descriptors that stay for as long as the process does.
var pollerIsThere = sync.OnceFunc(func() {
	if l, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = l.Close()
	}
})

// noDescriptors makes the test fail if it leaves descriptors open when it has ended.
func noDescriptors(t *testing.T) {
	t.Helper()
	before := openFiles()
	t.Cleanup(func() {
		for end := time.Now().Add(5 * time.Second); openFiles() > before; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%d descriptors before, %d after", before, openFiles())
			}
		}
	})
}

func TestOpenFilesAreCounted(t *testing.T) {
	before := openFiles()
	if before == 0 {
		t.Skip("this system does not tell")
	}
	f, err := os.Open(os.DevNull)
	require.NoError(t, err)
	require.Equal(t, before+1, openFiles())
	require.NoError(t, f.Close())
	require.Equal(t, before, openFiles())
}
