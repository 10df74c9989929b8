package secret

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"oneton/store"
)

// Database is where the fingerprint is kept.
type Database interface {
	store.DB
	// Tenants lists tenants; where there are any, the database is in use.
	Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error)
}

// Open reads the secret, or makes it for a database that nobody uses yet. The
// database knows the fingerprint of the first one, and any other is refused:
// under it every key that the others made would be invalid. One with newer
// versions at its end is the same. A database that older programs have used
// knows none, and adopts the first one it is shown, which adopted tells.
func Open(ctx context.Context, db Database, path string) (r Ring, adopted bool, err error) {
	used, known, err := setUp(ctx, db)
	if err != nil {
		return Ring{}, false, err
	}
	r, err = Read(path)
	made := false
	if errors.Is(err, fs.ErrNotExist) {
		if used || known {
			return Ring{}, false, missing(path)
		}
		r, made, err = create(path)
	}
	if err != nil {
		return Ring{}, false, err
	}
	fingerprint, err := r.fingerprint()
	if err != nil {
		return Ring{}, false, err
	}
	agreed, err := NewFingerprints(db).AgreeFingerprint(ctx, fingerprint)
	if err == nil && !begins(fingerprint, agreed) {
		err = other(path)
		if made { // another process has been quicker, and nothing was made under this one
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		return Ring{}, false, fmt.Errorf("check secret: %w", err)
	}
	r.known = len(agreed) / Size
	return r, used && !known, nil
}

// Check is ErrOther unless the ring is the one of which a database knows the
// fingerprint.
func (r Ring) Check(known []byte) error {
	fingerprint, err := r.fingerprint()
	if err == nil && !begins(fingerprint, known) {
		err = ErrOther
	}
	return err
}

// CheckFile is what Open would refuse, of a database that is only looked at: nothing
// is made and nothing agreed upon. A secret that nobody needs yet may be missing.
func CheckFile(ctx context.Context, db Database, path string) error {
	used, known, err := setUp(ctx, db)
	if err != nil {
		return err
	}
	r, err := Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if used || known {
			return missing(path)
		}
		return nil
	}
	if err != nil || !known {
		return err
	}
	agreed, err := NewFingerprints(db).Fingerprint(ctx)
	if err == nil {
		err = r.Check(agreed)
	}
	if errors.Is(err, ErrOther) {
		err = other(path)
	}
	return err
}

// begins tells whether a database that knows the versions' fingerprints knows this
// one: newer versions may follow.
func begins(fingerprint, known []byte) bool {
	return len(known) > 0 && len(known)%Size == 0 && bytes.HasPrefix(fingerprint, known)
}

func missing(path string) error {
	return fmt.Errorf("read secret: %s is missing: %w", path, ErrMissing)
}

func other(path string) error { return fmt.Errorf("%s: %w", path, ErrOther) }

// Adopt puts the ring's fingerprint in the place of the one that the database
// knows. What was made under a version that the ring does not have is invalid
// from then on, and processes that open the database next make new things under
// the ring's newest.
func (r Ring) Adopt(ctx context.Context, db Database) error {
	fingerprint, err := r.fingerprint()
	if err != nil {
		return err
	}
	return NewFingerprints(db).ReplaceFingerprint(ctx, fingerprint)
}

// setUp tells whether a database has tenants, and whether it knows its secret.
func setUp(ctx context.Context, db Database) (used, known bool, err error) {
	tenants, err := db.Tenants(ctx, store.Page{Limit: 1})
	if err != nil {
		return false, false, err
	}
	_, err = NewFingerprints(db).Fingerprint(ctx)
	known = err == nil
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return len(tenants) > 0, known, err
}
