package tlsconf

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What a directory may hold. That of a whole system has about 500 entries, and 150 certificates twice.
const (
	maxEntries = 10_000  // of any kind
	maxInDir   = 8 << 20 // bytes of certificates
)

// lookInto is the stamp of a directory: of itself, lest an empty one look like none, and of all the files in it
// that would be read.
func lookInto(dir string) stamp {
	if dir == "" {
		return nil
	}
	files, err := certificateFiles(dir)
	if err != nil {
		return stamp{{name: dir}}
	}
	return lookAt(slices.Insert(files, 0, dir)...)
}

// readCADir reads all certificates of a directory, each once: most are there by name and by hash.
func (s Settings) readCADir() (p part, err error) {
	fail := func(err error) (part, error) { return part{}, &Error{Field: fieldCADir, File: s.CADir, Err: err} }
	files, err := certificateFiles(s.CADir)
	if err != nil && !isDirectory(s.CADir) && isThere(s.CADir) {
		return fail(fmt.Errorf("it is not a directory, and %s is for files", s.label(fieldCAFile)))
	}
	if err != nil {
		return fail(fmt.Errorf("cannot be read: %w", withoutPath(err)))
	}
	if len(files) == 0 {
		return fail(errors.New("no certificate in it: there is no file *.pem, *.crt, *.cer or named by a hash, such as 1a2b3c4d.0"))
	}
	known := make(map[[sha256.Size]byte]bool)
	left := int64(maxInDir)
	for _, file := range files {
		certs, size, err := readEntry(file)
		if left -= size; err == nil && left < 0 {
			err = fmt.Errorf("with it the directory has more than %d bytes of certificates", maxInDir)
		}
		if err != nil {
			return fail(fmt.Errorf("file %q: %w", filepath.Base(file), err))
		}
		for _, c := range certs {
			if sum := sha256.Sum256(c.cert.Raw); !known[sum] {
				known[sum] = true
				p.certs = append(p.certs, c)
			}
		}
	}
	return p, nil
}

// readEntry opens regular files only: opening a pipe could wait for ever.
func readEntry(file string) (certs []certFrom, size int64, err error) {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is not a regular file")
	}
	data, err := readBounded(file)
	if err != nil {
		return nil, 0, fmt.Errorf("cannot be read: %w", withoutPath(err))
	}
	parsed, err := parseCertificates(data)
	return from(file, parsed), int64(len(data)), err
}

// certificateFiles lists the files of a directory that are certificates by their names, without hidden ones and
// directories.
func certificateFiles(dir string) (files []string, err error) {
	entries, err := listBounded(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if isCertificateName(entry.Name()) && !isDirectory(path) {
			files = append(files, path)
		}
	}
	slices.Sort(files)
	return files, nil
}

func listBounded(dir string) (entries []fs.DirEntry, err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for len(entries) <= maxEntries {
		more, err := f.ReadDir(1000)
		entries = append(entries, more...)
		if errors.Is(err, io.EOF) {
			return entries, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("more than %d entries", maxEntries)
}

// isCertificateName knows the usual endings and the names that OpenSSL looks for: eight hexadecimal digits of a
// subject's hash and a counter. (The hash is not checked: nothing is looked up by it here.)
func isCertificateName(name string) bool {
	if strings.HasPrefix(name, ".") {
		return false
	}
	switch ext := strings.ToLower(filepath.Ext(name)); {
	case ext == ".pem" || ext == ".crt" || ext == ".cer":
		return true
	case len(name) != len(ext)+8 || len(ext) < 2:
		return false
	default:
		return strings.Trim(name[:8], "0123456789abcdef") == "" && strings.Trim(ext[1:], "0123456789") == ""
	}
}

func isThere(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// withoutPath drops the path, which Error or whoever calls it names already.
func withoutPath(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
