package harness

import (
	"fmt"
	"os"
	"testing"
)

// Version is a server program and the release line that the tests run. The zero value is no version.
type Version struct {
	product      string
	major, minor int
}

// The versions there are images of.
var (
	Redis60  = Version{"redis", 6, 0}
	Redis70  = Version{"redis", 7, 0}
	Redis80  = Version{"redis", 8, 0}
	Valkey81 = Version{"valkey", 8, 1}
	Valkey91 = Version{"valkey", 9, 1}
)

// Versions returns the versions a test runs against: a recent Redis 7, Redis 8 and Valkey, or every one
// there is when the environment says BWREDIS_FULL=1.
func Versions() []Version {
	if os.Getenv("BWREDIS_FULL") == "1" {
		return []Version{Redis60, Redis70, Redis80, Valkey81, Valkey91}
	}
	return []Version{Redis70, Redis80, Valkey81}
}

// Each runs test once for each of [Versions], as parallel subtests named after the version.
func Each(t *testing.T, test func(t *testing.T, v Version)) {
	t.Helper()
	for _, v := range Versions() {
		t.Run(v.String(), func(t *testing.T) {
			t.Parallel()
			test(t, v)
		})
	}
}

// String returns for example "redis-7.0".
func (v Version) String() string { return fmt.Sprintf("%s-%d.%d", v.product, v.major, v.minor) }

// Product returns "redis" or "valkey".
func (v Version) Product() string { return v.product }

// AtLeast reports whether the server has what Redis introduced in major.minor. Valkey counts as Redis 7.2,
// from which it was forked.
func (v Version) AtLeast(major, minor int) bool {
	if v.product == "valkey" {
		return major < 7 || major == 7 && minor <= 2
	}
	return v.major > major || v.major == major && v.minor >= minor
}

// server and cli are looked up in PATH: the public images and Debian's have them in different places.
func (v Version) server() string { return v.product + "-server" }
func (v Version) cli() string    { return v.product + "-cli" }

// publicImage returns repository and tag of the vendor's image.
func (v Version) publicImage() (repository, tag string) {
	repository = "redis"
	if v.product == "valkey" {
		repository = "valkey/valkey"
	}
	return repository, fmt.Sprintf("%d.%d", v.major, v.minor)
}
