// Command podrun runs one container as a node would under Pod Security `restricted`, without a container engine: a root
// file system that cannot be written, folders mounted over it, a numeric user without capabilities or a way to more of
// them, processes of its own. Its argument is a file with the container as JSON; it ends as the container's process does.
//
// The network is the caller's: start it with `nsenter --net` to put several containers into one pod. No seccomp profile
// and no limits of resources are applied. It has to be started by root.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

type mount struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type container struct {
	// Folder that holds the image's files.
	Root   string   `json:"root"`
	Mounts []mount  `json:"mounts"`
	User   int      `json:"user"`
	Group  int      `json:"group"`
	Env    []string `json:"env"`
	Dir    string   `json:"dir"`
	Args   []string `json:"args"`
}

func main() {
	var err error
	if len(os.Args) == 3 && os.Args[1] == "inside" {
		err = become(os.Args[2])
	} else if len(os.Args) == 2 {
		err = outside(os.Args[1])
	} else {
		err = errors.New("usage: podrun CONTAINER.json")
	}
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		os.Exit(ended.ExitCode() & 0xff)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "podrun:", err)
		os.Exit(128)
	}
}

// Starts this program again with mounts and processes of its own, which end with it.
func outside(file string) error {
	c, err := read(file)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	command := exec.Command("/proc/self/exe", "inside", file)
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	// What a container writes goes through pipes that are its user's own, so that it can open /dev/stderr again.
	var copies sync.WaitGroup
	for _, stream := range []struct {
		of *io.Writer
		to *os.File
	}{{&command.Stdout, os.Stdout}, {&command.Stderr, os.Stderr}} {
		reader, writer, err := os.Pipe()
		if err != nil {
			return err
		}
		if err := writer.Chown(c.User, c.Group); err != nil {
			return err
		}
		*stream.of = writer
		copies.Go(func() { io.Copy(stream.to, reader) })
	}
	if err := command.Start(); err != nil {
		return err
	}
	command.Stdout.(*os.File).Close()
	command.Stderr.(*os.File).Close()
	err = command.Wait()
	copies.Wait()
	return err
}

func read(file string) (container, error) {
	var c container
	text, err := os.ReadFile(file)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(text, &c)
}

func become(file string) error {
	// What a thread gives up is given up for the program that it becomes.
	runtime.LockOSThread()
	c, err := read(file)
	if err != nil {
		return err
	}
	if err := mountAll(c); err != nil {
		return err
	}
	if err := syscall.Chroot(c.Root); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	if err := os.Chdir(c.Dir); err != nil {
		return err
	}
	if err := giveUp(c); err != nil {
		return err
	}
	program, err := find(c.Args[0], c.Env)
	if err != nil {
		return err
	}
	if err := syscall.Exec(program, c.Args, c.Env); err != nil {
		return fmt.Errorf("exec %s: %w", program, err)
	}
	return nil
}

func mountAll(c container) error {
	steps := []struct {
		from, to, kind string
		flags          uintptr
	}{
		{"", "/", "", syscall.MS_REC | syscall.MS_PRIVATE},
		{c.Root, c.Root, "", syscall.MS_BIND},
		{"proc", c.Root + "/proc", "proc", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC},
		{"/dev", c.Root + "/dev", "", syscall.MS_BIND | syscall.MS_REC},
	}
	for _, m := range c.Mounts {
		to, err := inside(c.Root, m.To)
		if err != nil {
			return err
		}
		steps = append(steps, struct {
			from, to, kind string
			flags          uintptr
		}{m.From, to, "", syscall.MS_BIND})
	}
	for _, s := range steps {
		// As an engine does, before the root cannot be written any more.
		if s.to != "/" {
			if err := os.MkdirAll(s.to, 0o755); err != nil {
				return err
			}
		}
		if err := syscall.Mount(s.from, s.to, s.kind, s.flags, ""); err != nil {
			return fmt.Errorf("mount %s: %w", s.to, err)
		}
	}
	// Only the root itself: what is mounted below stays as it is.
	readOnly := uintptr(syscall.MS_REMOUNT | syscall.MS_BIND | syscall.MS_RDONLY)
	if err := syscall.Mount("", c.Root, "", readOnly, ""); err != nil {
		return fmt.Errorf("mount the root read-only: %w", err)
	}
	return nil
}

// Where a path of the container is out here: its links lead to places below the root, never to this machine's own.
func inside(root, path string) (string, error) {
	at, rest := "/", strings.Split(strings.Trim(path, "/"), "/")
	for links := 0; len(rest) > 0; {
		next := filepath.Join(at, rest[0])
		rest = rest[1:]
		target, err := os.Readlink(filepath.Join(root, next))
		if err != nil {
			at = next
			continue
		}
		if links++; links > 40 {
			return "", fmt.Errorf("%s: too many links", path)
		}
		if strings.HasPrefix(target, "/") {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	return filepath.Join(root, at), nil
}

const (
	prCapbsetDrop   = 24
	prSetNoNewPrivs = 38
	lastCapability  = 63
)

// `capabilities: {drop: [ALL]}`, `allowPrivilegeEscalation: false` and the user, in the order in which each is still allowed.
func giveUp(c container) error {
	for capability := uintptr(0); capability <= lastCapability; capability++ {
		_, _, number := syscall.RawSyscall(syscall.SYS_PRCTL, prCapbsetDrop, capability, 0)
		if number != 0 && number != syscall.EINVAL {
			return fmt.Errorf("drop capability %d: %w", capability, number)
		}
	}
	if err := syscall.Setgroups([]int{c.Group}); err != nil {
		return err
	}
	if err := syscall.Setgid(c.Group); err != nil {
		return err
	}
	if err := syscall.Setuid(c.User); err != nil {
		return err
	}
	if _, _, number := syscall.RawSyscall(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0); number != 0 {
		return fmt.Errorf("no new privileges: %w", number)
	}
	return nil
}

// The program as an engine finds it: by the PATH of the container, inside it.
func find(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, variable := range env {
		path, isPath := strings.CutPrefix(variable, "PATH=")
		if !isPath {
			continue
		}
		for _, folder := range filepath.SplitList(path) {
			file := filepath.Join(folder, name)
			if info, err := os.Stat(file); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return file, nil
			}
		}
	}
	return "", fmt.Errorf("%s: not found in PATH", name)
}
