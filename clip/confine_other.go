//go:build !linux

package clip

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// clipPath is where ffmpeg finds the clip: a file that has no name any more.
const clipPath = "/dev/fd/3"

// confinement sets how a program is confined.
type confinement func(*exec.Cmd)

// confinements: a process group of its own, which is killed as one.
var confinements = []confinement{func(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}}

// inMemory is a private file with the content whose name is gone before anything
// is written to it.
func inMemory(data []byte) (*os.File, error) {
	f, err := os.CreateTemp("", "oneton-clip-")
	if err != nil {
		return nil, err
	}
	err = os.Remove(f.Name())
	if err == nil {
		_, err = f.Write(data)
	}
	if err == nil {
		_, err = f.Seek(0, 0)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
