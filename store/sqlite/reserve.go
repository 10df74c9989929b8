package sqlite

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"oneton/store"
)

// ReserveSuffix ends the name of the file that keeps Config.Reserve.
const ReserveSuffix = "-reserve"

const (
	// reserveStep is how much of the disk the reserve takes at once, so that
	// it has most of what there is when it cannot have all.
	reserveStep = 1 << 20
	// reserveHold is for how long the blocks that it has given up are left to
	// the removal that needs them, in whichever process.
	reserveHold = eraseDelay / 2
)

// reserve is a file beside the database whose blocks a removal may have when
// the disk is full. While it is not whole nothing is added to the database, so
// that what it gives up is for removals alone. All processes share it.
type reserve struct {
	path string
	size int64
}

// keep returns nil when the reserve is whole, which it makes it if it can;
// otherwise store.ErrFull.
func (r reserve) keep() error {
	if r.size == 0 {
		return nil
	}
	if info, err := os.Stat(r.path); err == nil {
		if info.Size() >= r.size {
			return nil
		}
		if info.Size() == 0 && time.Since(info.ModTime()).Abs() < reserveHold {
			return r.short(syscall.ENOSPC)
		}
	}
	return r.fill()
}

// fill takes blocks from the disk until the reserve is whole.
func (r reserve) fill() error {
	if r.size == 0 {
		return nil
	}
	f, err := os.OpenFile(r.path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return r.short(err)
	}
	defer f.Close()
	for at := int64(0); at < r.size; at += reserveStep {
		if err := allocate(f, at, min(reserveStep, r.size-at)); err != nil {
			return r.short(err)
		}
	}
	return nil
}

func (r reserve) short(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		err = fmt.Errorf("%w: %w", store.ErrFull, err)
	}
	return fmt.Errorf("%w: keep %d bytes in reserve for deletions: %w", store.ErrUnavailable, r.size, err)
}

// release gives the reserve's blocks to the disk, and tells whether it had any.
func (r reserve) release() bool {
	info, err := os.Stat(r.path)
	if r.size == 0 || err != nil || info.Size() == 0 {
		return false
	}
	return os.Truncate(r.path, 0) == nil
}

// withReserve does what must not fail for want of room.
func (s *Store) withReserve(t tx, do func() error) error {
	err := do()
	if !full(err) || !s.reserve.release() {
		return err
	}
	// What the log has grown by may be all that is needed.
	if err := t.truncateLog(); err != nil && !errors.Is(err, errHeld) && !full(err) {
		return err
	}
	return do()
}

// Full tells whether only removals are taken now, for want of room.
func (s *Store) Full() bool {
	if s.reserve.size == 0 {
		return false
	}
	info, err := os.Stat(s.reserve.path)
	return errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < s.reserve.size
}

// fillUp allocates by writing, where the file has nothing yet.
func fillUp(f *os.File, at, n int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() >= at+n {
		return err
	}
	noise := make([]byte, n) // which no file system can shrink
	if _, err := rand.Read(noise); err != nil {
		return err
	}
	_, err = f.WriteAt(noise, at)
	return err
}
