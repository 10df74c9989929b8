package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// holder names the process that has the data folder, where the system tells.
func holder(data string) string {
	info, err := os.Stat(filepath.Join(data, "index", "lock"))
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	locks, err := os.ReadFile("/proc/locks")
	if !ok || err != nil {
		return ""
	}
	for line := range strings.Lines(string(locks)) {
		fields := strings.Fields(line)
		const kind, pid, file = 1, 4, 5
		if len(fields) > file && fields[kind] == "FLOCK" && strings.HasSuffix(fields[file], fmt.Sprintf(":%d", stat.Ino)) {
			return ", by process " + fields[pid]
		}
	}
	return ""
}
