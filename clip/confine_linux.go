package clip

import (
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// clipPath is where ffmpeg finds the clip: a file in memory that has no name.
const clipPath = "/proc/self/fd/3"

// confinement sets how a program is confined.
type confinement func(*exec.Cmd)

// confinements are tried in this order: as nobody in namespaces of its own, in
// which there is no network, where the kernel lets; else without.
var confinements = []confinement{
	func(cmd *exec.Cmd) {
		alone(cmd)
		const nobody = 65534
		uid, gid := os.Getuid(), os.Getgid()
		if uid == 0 {
			uid, gid = nobody, nobody
		}
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: nobody, HostID: gid, Size: 1}}
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody, NoSetGroups: true}
	},
	alone,
}

// alone is a process group of its own, which is killed as one, and with this
// process.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// inMemory is a file in memory with the content, which vanishes with its last
// descriptor.
func inMemory(data []byte) (*os.File, error) {
	fd, err := unix.MemfdCreate("clip", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "clip")
	if _, err := f.Write(data); err != nil {
		f.Close()
		return nil, err
	}
	const fixed = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, fixed); err != nil {
		f.Close()
		return nil, os.NewSyscallError("fcntl", err)
	}
	if _, err := f.Seek(0, 0); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
