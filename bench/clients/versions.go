package clients

import (
	"path"
	"runtime/debug"
	"strings"
)

// puddle is a pool that is lent from beside those of the clients.
const puddle = "puddle"

// Versions names the peers that the program is built with, and Go, with their versions. A client is found by its name, which is that of its module.
func Versions() string {
	info, _ := debug.ReadBuildInfo()
	return versions(info)
}

func versions(info *debug.BuildInfo) string {
	named := map[string]bool{puddle: true}
	for _, c := range Peers() {
		named[c.Name] = true
	}
	var names []string
	for _, m := range info.Deps {
		name := path.Base(m.Path)
		if strings.HasPrefix(name, "v") && strings.Trim(name[1:], "0123456789") == "" { // the last element is a major version
			name = path.Base(path.Dir(m.Path))
		}
		if named[name] {
			names = append(names, name+" "+m.Version)
		}
	}
	return strings.Join(append(names, info.GoVersion), ", ")
}
