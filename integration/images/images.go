// Package images carries the recipe that builds server images from Debian packages, so that a compiled
// test binary finds it wherever it runs.
package images

import _ "embed"

// Script is the text of build.sh: run it with sh, with a version such as "redis-7.0" as its argument,
// and the last line of its standard output is the name of a local image.
//
//go:embed build.sh
var Script string
