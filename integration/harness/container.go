package harness

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/ory/dockertest/v3/docker"
)

// memoryLimit per container: a server must not take the machine with it, and 64 MiB replies must fit.
const memoryLimit = 512 << 20

// starting bounds how many containers are created or started at a time.
var starting = make(chan struct{}, max(2, runtime.NumCPU()))

// file is one file in the container's home.
type file struct {
	name string
	text []byte
}

// spec is what a container is made of.
type spec struct {
	image     string
	command   []string
	files     []file
	ports     []int    // inside; each is published
	network   *network // nil: Docker's default bridge
	ip        string   // in network
	alias     string   // in network
	announced string   // ip or alias
}

// container is a created container. Its fields above mu never change.
type container struct {
	id        string
	spec      spec
	published map[int]int // port inside -> port of 127.0.0.1
	home      string      // of this machine, mounted as the container's home; may be empty

	mu     sync.Mutex
	down   bool // guarded by mu, like the next two: the process was stopped or killed
	paused bool
	cut    bool // off its network
}

// runContainer creates and starts a container; it removes what it made when that fails.
func runContainer(s spec) (*container, error) {
	for attempt := 1; ; attempt++ {
		c, err := createContainer(s)
		if err != nil {
			return nil, err
		}
		err = c.start()
		if err == nil {
			return c, nil
		}
		c.remove()
		if !portTaken(err) || attempt == 10 {
			return nil, err
		}
	}
}

func createContainer(s spec) (*container, error) {
	starting <- struct{}{}
	defer func() { <-starting }()
	c := &container{spec: s, published: make(map[int]int)}
	if err := c.create(); err != nil {
		c.remove()
		return nil, fmt.Errorf("create container: %w", err)
	}
	return c, nil
}

func (c *container) create() (err error) {
	if c.home, err = newHome(); err != nil {
		return err
	}
	options, err := c.options()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	options.Context = ctx
	made, err := session.client.CreateContainer(options)
	if err != nil {
		return err
	}
	c.id = made.ID
	return c.upload(ctx)
}

// options also chooses the ports of this machine.
func (c *container) options() (docker.CreateContainerOptions, error) {
	s := &c.spec
	options := docker.CreateContainerOptions{
		Config: &docker.Config{
			Image: s.image, Entrypoint: s.command[:1], Cmd: s.command[1:], ExposedPorts: map[docker.Port]struct{}{},
			User: "0", WorkingDir: home, Labels: map[string]string{ownerLabel: session.owner},
		},
		HostConfig: &docker.HostConfig{
			PortBindings: map[docker.Port][]docker.PortBinding{}, Memory: memoryLimit, MemorySwap: memoryLimit,
		},
	}
	for _, inside := range s.ports {
		outside, err := freePort()
		if err != nil {
			return options, err
		}
		c.published[inside] = outside
		port := docker.Port(strconv.Itoa(inside) + "/tcp")
		options.Config.ExposedPorts[port] = struct{}{}
		options.HostConfig.PortBindings[port] = []docker.PortBinding{{HostIP: host, HostPort: strconv.Itoa(outside)}}
	}
	if c.home != "" {
		options.HostConfig.Binds = []string{c.home + ":" + home}
	}
	if s.network != nil {
		options.HostConfig.NetworkMode = s.network.id
		options.NetworkingConfig = &docker.NetworkingConfig{
			EndpointsConfig: map[string]*docker.EndpointConfig{s.network.id: s.endpoint()},
		}
	}
	return options, nil
}

// endpoint is how the container is attached to its own network, again and again: always the same address.
func (s *spec) endpoint() *docker.EndpointConfig {
	return &docker.EndpointConfig{
		IPAMConfig: &docker.EndpointIPAMConfig{IPv4Address: s.ip},
		Aliases:    []string{s.alias},
	}
}

// upload copies the files into the container's home, through the daemon: that works with a distant one,
// too. There they survive a restart, as what the server writes does.
func (c *container) upload(ctx context.Context) error {
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	dir := strings.TrimPrefix(home, "/")
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o777}); err != nil {
		return err
	}
	for _, f := range c.spec.files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: dir + "/" + f.name, Mode: 0o666, Size: int64(len(f.text))}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(f.text); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return session.client.UploadToContainer(c.id, docker.UploadToContainerOptions{
		InputStream: &archive, Path: "/", Context: ctx,
	})
}

func (c *container) start() error {
	starting <- struct{}{}
	defer func() { <-starting }()
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	if err := session.client.StartContainerWithContext(c.id, nil, ctx); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	return nil
}

func (c *container) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	if c.id != "" {
		removeContainer(ctx, session.client, c.id)
	}
	if c.home != "" {
		_ = os.RemoveAll(c.home)
	}
}

// up reports whether the server runs and can be reached, as far as the verbs know.
func (c *container) up() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.down && !c.paused && !c.cut
}

// exited reports whether the container's process has ended, and how.
func (c *container) exited() error {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	info, err := session.client.InspectContainerWithContext(c.id, ctx)
	if err != nil {
		return err
	}
	if !info.State.Running {
		return fmt.Errorf("the server ended with status %d", info.State.ExitCode)
	}
	return nil
}

// logs returns the last lines the server wrote; tail is a number or "all".
func (c *container) logs(tail string) string {
	ctx, cancel := context.WithTimeout(context.Background(), dockerTimeout)
	defer cancel()
	var out bytes.Buffer
	err := session.client.Logs(docker.LogsOptions{
		Context: ctx, Container: c.id, Stdout: true, Stderr: true, Tail: tail, OutputStream: &out, ErrorStream: &out,
	})
	if err != nil {
		fmt.Fprintf(&out, "(no more logs: %v)\n", err)
	}
	return out.String()
}
