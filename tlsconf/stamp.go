package tlsconf

import (
	"io/fs"
	"os"
	"slices"
)

// A stamp tells one state of files from another without reading them. Mounted secrets are replaced by switching
// a link, which changes the file as seen through it.
type stamp []seen

type seen struct {
	name string
	info fs.FileInfo // nil: not there
}

// lookAt leaves out names that are empty.
func lookAt(names ...string) (s stamp) {
	for _, name := range names {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			info = nil
		}
		s = append(s, seen{name, info})
	}
	return s
}

func (s stamp) same(other stamp) bool {
	return slices.EqualFunc(s, other, seen.same)
}

// same takes a pipe for unchanged: it can be read only once.
func (s seen) same(other seen) bool {
	switch {
	case s.name != other.name || (s.info == nil) != (other.info == nil):
		return false
	case s.info == nil:
		return true
	case s.info.Mode().Type() != other.info.Mode().Type():
		return false
	}
	return !s.info.Mode().IsRegular() || os.SameFile(s.info, other.info) &&
		s.info.ModTime().Equal(other.info.ModTime()) && s.info.Size() == other.info.Size()
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
