package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/ory/dockertest/v3/docker"

	"github.com/bwredis/bwredis/integration/images"
)

const (
	registryPatience = 20 * time.Second // a registry that says nothing for so long is not there
	pullTimeout      = 5 * time.Minute
	buildTimeout     = 5 * time.Minute
)

var imageNames sync.Map // Version -> func() (string, error), which does the work once

// imageName returns the name of a local image of the version, which it pulls or builds when there is none.
func imageName(v Version) (string, error) {
	once, _ := imageNames.LoadOrStore(v, sync.OnceValues(func() (string, error) {
		name, err := findImage(v, os.Getenv("BWREDIS_IMAGES"))
		if err != nil {
			err = fmt.Errorf("image of %s: %w", v, err)
		}
		return name, err
	}))
	return once.(func() (string, error))()
}

// findImage prefers what is local to what must be fetched, and the vendor's image to our own. With mode
// "pull" or "build" only one of the two kinds will do.
func findImage(v Version, mode string) (string, error) {
	repository, tag := v.publicImage()
	public := repository + ":" + tag
	switch mode {
	case "pull":
		if isLocal(public) {
			return public, nil
		}
		return public, pull(repository, tag)
	case "build":
		return buildScript(v.String())
	case "", "auto":
	default:
		return "", fmt.Errorf("BWREDIS_IMAGES=%s: want build, pull or auto", mode)
	}
	if isLocal(public) {
		return public, nil
	}
	if built, err := buildScript("--tag", v.String()); err == nil && isLocal(built) {
		return built, nil
	}
	pullErr := pull(repository, tag)
	if pullErr == nil {
		return public, nil
	}
	built, err := buildScript(v.String())
	if err != nil {
		return "", fmt.Errorf("cannot be pulled (%w) nor built (%w)", pullErr, err)
	}
	return built, nil
}

func isLocal(name string) bool {
	_, err := session.client.InspectImage(name)
	return err == nil
}

// registry remembers that no registry answers, so that only the first version pays for finding out.
var registry struct {
	mu      sync.Mutex // held while pulling: the others wait for the first answer
	missing error
}

func pull(repository, tag string) error {
	registry.mu.Lock()
	defer registry.mu.Unlock()
	if registry.missing != nil {
		return registry.missing
	}
	ctx, cancel := context.WithTimeout(context.Background(), pullTimeout)
	defer cancel()
	err := session.client.PullImage(docker.PullImageOptions{
		Repository: repository, Tag: tag, Context: ctx,
		InactivityTimeout: registryPatience, OutputStream: new(bytes.Buffer),
	}, docker.AuthConfiguration{})
	if err == nil {
		return nil
	}
	var answer *docker.Error
	if !errors.As(err, &answer) || answer.Status != http.StatusNotFound { // not found is a registry's answer
		registry.missing = err
	}
	return err
}

// scriptFile is where build.sh is, for the process that runs it.
var scriptFile = sync.OnceValues(func() (string, error) {
	name := filepath.Join(session.scratch, "build.sh")
	return name, os.WriteFile(name, []byte(images.Script), 0o600)
})

// buildScript runs images/build.sh and returns the last line it prints, an image name.
func buildScript(args ...string) (string, error) {
	file, err := scriptFile()
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", append([]string{file}, args...)...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(complaint.String()))
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1], nil
}
