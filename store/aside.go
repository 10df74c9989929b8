package store

import (
	"fmt"
	"time"
)

// PutAside is a face that is set aside at a time, or with the zero time is not any
// more, and whether that changes anything. It is ErrDamaged of a face whose row is.
func PutAside(f Face, at time.Time) (_ Face, changed bool, err error) {
	switch {
	case f.AsideAt.IsZero() == at.IsZero():
		return f, false, nil
	case f.Damage != "":
		return f, false, fmt.Errorf("%w: %s of the face", ErrDamaged, f.Damage)
	}
	f.AsideAt = at
	return f, true, checkTime(at)
}
