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
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
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
		err = inside(os.Args[2])
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
	runtime.LockOSThread()
	command := exec.Command("/proc/self/exe", "inside", file)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	return command.Run()
}

func inside(file string) error {
	// What a thread gives up is given up for the program that it becomes.
	runtime.LockOSThread()
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var c container
	if err := json.Unmarshal(text, &c); err != nil {
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
		steps = append(steps, struct {
			from, to, kind string
			flags          uintptr
		}{m.From, filepath.Join(c.Root, m.To), "", syscall.MS_BIND})
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
