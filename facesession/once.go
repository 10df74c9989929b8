package facesession

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"

	"oneton/store"
)

// once are the versions of the key under which it is known what may come only once. A
// database alone does not tell whether something has come. Under each of them
// everything is kept, so that processes with unequal newest ones agree.
type once [][]byte

// macs are of what the parts say together.
func (o once) macs(parts ...[]byte) (all []string) {
	for _, key := range o {
		h := hmac.New(sha256.New, key)
		for _, p := range parts {
			var size [8]byte
			binary.BigEndian.PutUint64(size[:], uint64(len(p)))
			h.Write(size[:])
			h.Write(p)
		}
		all = append(all, hex.EncodeToString(h.Sum(nil)))
	}
	return all
}

// comes notes that something has come, and tells whether it did for the first time. It
// is known until the time.
func comes(tx store.Tx, macs []string, until time.Time) (first bool, err error) {
	first = true
	for _, mac := range macs {
		n, err := tx.Exec(`INSERT INTO face_once (mac, ends_at) VALUES ($1, $2) ON CONFLICT (mac) DO NOTHING`, mac, until)
		if err != nil {
			return false, err
		}
		first = first && n == 1
	}
	return first, nil
}

// forget lets it come again.
func forget(tx store.Tx, macs []string) error {
	for _, mac := range macs {
		if _, err := tx.Exec(`DELETE FROM face_once WHERE mac = $1`, mac); err != nil {
			return err
		}
	}
	return nil
}
