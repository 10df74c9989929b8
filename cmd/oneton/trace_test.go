package main

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// calls are the system calls by which a process connects, writes a file or
// starts another. A question mark stands before those that not every
// architecture has.
const calls = "trace=%network,?open,openat,?openat2,?creat,?mkdir,mkdirat,?rename,?renameat,renameat2," +
	"?link,linkat,?symlink,symlinkat,?mknod,mknodat,truncate,?unlink,?rmdir,unlinkat,execve,execveat,?io_uring_setup"

// trace is what a program did, as strace wrote it.
type trace struct {
	file string
	// folder is the working folder.
	folder string
}

// newTrace has the command traced, or skips the test where nothing can be.
func newTrace(t *testing.T, cmd *exec.Cmd) *trace {
	t.Helper()
	tracer, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("strace is not installed")
	}
	tr := &trace{file: filepath.Join(t.TempDir(), "trace"), folder: t.TempDir()}
	// With -D the program is this process's child and gets its signals; it is
	// stopped at the listed calls alone.
	args := []string{tracer, "-D", "-f", "-y", "-s", "256", "--seccomp-bpf", "-o", tr.file, "-e", calls}
	if out, err := exec.Command(tracer, append(args[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("strace cannot trace here: %s", out)
	}
	cmd.Args = slices.Concat(args, []string{cmd.Path}, cmd.Args[1:])
	cmd.Path, cmd.Dir = tracer, tr.folder
	return tr
}

// rules are what a program may do.
type rules struct {
	// folders may be written in, and files written.
	folders, files []string
	// addresses may be connected to.
	addresses []string
	// program may be started.
	program string
}

var (
	call    = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\((.*)$`)
	quoted  = regexp.MustCompile(`(?:([A-Z_0-9]+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"`)
	inet    = regexp.MustCompile(`sin6?_port=htons\((\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"`)
	local   = regexp.MustCompile(`sun_path=@?"([^"]*)"`)
	writing = regexp.MustCompile(`O_(CREAT|WRONLY|RDWR|TRUNC|TMPFILE)`)
)

// violations are the calls that the rules do not allow, of a program that
// has ended.
func (tr *trace) violations(t *testing.T, r rules) []string {
	t.Helper()
	var lines []string
	require.Eventually(t, func() bool {
		lines = tr.lines(t)
		return len(lines) > 0 && strings.Contains(lines[len(lines)-1], "+++ exited with")
	}, time.Minute, 20*time.Millisecond, "the tracer has not ended")
	var found []string
	for _, line := range lines {
		m := call.FindStringSubmatch(line)
		if m != nil && !tr.allowed(m[1], m[2], r) {
			found = append(found, line)
		}
	}
	return found
}

func (tr *trace) lines(t *testing.T) (lines []string) {
	t.Helper()
	f, err := os.Open(tr.file)
	require.NoError(t, err)
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines
}

func (tr *trace) allowed(name, args string, r rules) bool {
	switch name {
	case "connect", "sendto", "sendmsg", "sendmmsg":
		return r.mayReach(args)
	case "execve", "execveat":
		m := quoted.FindStringSubmatch(args)
		return m != nil && m[3] == r.program
	case "io_uring_setup":
		return false // it would do unseen what is looked for
	case "open", "openat", "openat2":
		return !writing.MatchString(args) || tr.within(args, r)
	case "creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
		"mknod", "mknodat", "truncate", "unlink", "rmdir", "unlinkat":
		return tr.within(args, r)
	}
	return true
}

// mayReach says that a call that names no address, or the kernel's, or an
// allowed one, is allowed.
func (r rules) mayReach(args string) bool {
	if m := inet.FindStringSubmatch(args); m != nil {
		address := net.JoinHostPort(strings.TrimPrefix(m[2], "::ffff:"), m[1])
		return slices.Contains(r.addresses, address)
	}
	return !local.MatchString(args)
}

// within says that every path of a call lies in the rules' folders.
func (tr *trace) within(args string, r rules) bool {
	paths := quoted.FindAllStringSubmatch(args, -1)
	for _, m := range paths {
		path := m[3]
		switch {
		case filepath.IsAbs(path):
		case m[2] != "":
			path = filepath.Join(m[2], path)
		default:
			path = filepath.Join(tr.folder, path)
		}
		if !r.mayWrite(filepath.Clean(path)) {
			return false
		}
	}
	return len(paths) > 0
}

func (r rules) mayWrite(path string) bool {
	if slices.Contains(r.files, path) {
		return true
	}
	for _, f := range r.folders {
		if path == f || strings.HasPrefix(path, f+string(filepath.Separator)) {
			return true
		}
	}
	return false
}

// The rules are held against lines as strace writes them.
func TestTraceTellsWhatIsNotAllowed(t *testing.T) {
	tr := &trace{folder: "/cwd"}
	r := rules{folders: []string{"/data"}, files: []string{"/dev/null"}, addresses: []string{"127.0.0.1:80"}, program: "/bin/oneton"}
	for line, want := range map[string]bool{
		`1 openat(AT_FDCWD</cwd>, "/data/a", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</data/a>`:                                                                           true,
		`1 openat(AT_FDCWD</cwd>, "/data/../a", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</a>`:                                                                             false,
		`1 openat(AT_FDCWD</cwd>, "a", O_RDWR|O_CREAT, 0600 <unfinished ...>`:                                                                                        false,
		`1 openat(3</data/index>, "a", O_RDWR|O_CREAT, 0600) = 4</data/index/a>`:                                                                                     true,
		`1 openat(12</tmp>, "deviceid", O_WRONLY|O_CREAT|O_EXCL, 0600) = 13`:                                                                                         false,
		`1 openat(AT_FDCWD</cwd>, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts>`:                                                                                 true,
		`1 open("/tmp/.ses", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 12</tmp/.ses>`:                                                                                        false,
		`1 open("/dev/null", O_RDWR) = 12</dev/null>`:                                                                                                                true,
		`1 mkdir("/root/.cache", 0700) = 0`:                                                                                                                          false,
		`1 renameat(AT_FDCWD</cwd>, "/data/a.new", AT_FDCWD</cwd>, "/data/a") = 0`:                                                                                   true,
		`1 renameat(AT_FDCWD</cwd>, "/data/a", AT_FDCWD</cwd>, "/tmp/a") = 0`:                                                                                        false,
		`1 unlinkat(AT_FDCWD</cwd>, "/tmp/a", 0) = 0`:                                                                                                                false,
		`1 execve("/bin/oneton", ["oneton"], 0x7ff /* 20 vars */) = 0`:                                                                                               true,
		`1 execve("/bin/sh", ["sh"], 0x7ff /* 20 vars */) = 0`:                                                                                                       false,
		`1 connect(15<s>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0`:                                                         true,
		`1 connect(15<s>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("127.0.0.1")}, 16) = 0`:                                                         false,
		`1 connect(15<s>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2603::1", &sin6_addr), sin6_scope_id=0}, 28) = -1`: false,
		`1 sendto(9<s>, "..", 30, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.1")}, 16) = 30`:                                              false,
		`1 sendmmsg(9<s>, [{msg_hdr={msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.1")}, msg_namelen=16}}], 2, MSG_NOSIGNAL) = 2`:      false,
		`1 connect(9<s>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT`:                                                                     false,
		`1 sendto(9<s>, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20`:                                                     true,
		`1 io_uring_setup(8, 0x7ff) = 3`:                                                                                                                             false,
	} {
		m := call.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.Equal(t, want, tr.allowed(m[1], m[2], r), line)
	}
}
