package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/doctor"
)

// A disk without room, and one that nothing can be written to, are named.
func TestDoctorOfDisks(t *testing.T) {
	if os.Getenv(asTenantOfDisk) == "" {
		mountable(t)
		return
	}
	disk := t.TempDir()
	err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err == nil {
		err = syscall.Mount("small", disk, "tmpfs", 0, "size=200m")
	}
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("this machine lets nobody mount a small disk: ", err)
	}
	require.NoError(t, err)
	defer func() { require.NoError(t, syscall.Unmount(disk, syscall.MNT_DETACH)) }()
	f := begun(t)
	f.data = filepath.Join(disk, "data")
	_, errs, code := f.run(t, "tenant", "create", "acme")
	require.Zero(t, code, errs)
	findings, healthy := f.examine(t)
	require.True(t, healthy, "%v", findings)

	filler := fill(t, disk)
	findings, healthy = f.examine(t)
	require.False(t, healthy)
	require.Equal(t, doctor.DiskFull, findings["disk"].Cause, "%v", findings)
	require.Contains(t, findings["disk"].Says, "0 B free of "+f.data)
	for check, found := range findings {
		require.True(t, check == "disk" || found.State == doctor.OK, "%s", found)
	}
	require.NoError(t, os.Remove(filler))

	require.NoError(t, syscall.Mount("small", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	findings, healthy = f.examine(t)
	require.False(t, healthy)
	require.Equal(t, doctor.FolderNotWritable, findings["folder"].Cause, "%v", findings)
	require.Contains(t, findings["folder"].Says, f.data)
	_, errs, code = f.run(t, "serve")
	require.NotZero(t, code)
	require.Contains(t, errs, "oneton: error: folder not writable: ", "the server says the same")
}
