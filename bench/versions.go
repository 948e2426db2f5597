package bench

import (
	"path"
	"runtime/debug"
	"strings"
)

// Versions names the peers that the program is built with, and Go, with their versions.
func Versions() string {
	var names []string
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		name := path.Base(m.Path)
		if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" { // the last element is a major version
			name = path.Base(path.Dir(m.Path))
		}
		switch name {
		case "redigo", "go-redis", "rueidis", "valkey-go", "radix", "puddle":
			names = append(names, name+" "+m.Version)
		}
	}
	return strings.Join(append(names, info.GoVersion), ", ")
}
