package exact

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"oneton/search"
)

const (
	fileMode = 0o600
	dirMode  = 0o700
	// pacedBytes is how much is written between two rests.
	pacedBytes = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// writePart makes a new file of b, durably but for its name, and returns b's
// checksum.
func writePart(path string, b []byte, pace *search.Pace) (sum uint32, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(b, pacedBytes) {
		if err == nil {
			_, err = f.Write(some)
			sum = crc32.Update(sum, castagnoli, some)
			pace.Rest()
		}
	}
	if err == nil {
		err = f.Sync()
	}
	return sum, errors.Join(err, f.Close())
}

// readPart reads what writePart wrote. It returns errDamaged for anything else.
func readPart(path string, sum uint32) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	if err == nil && crc32.Checksum(b, castagnoli) != sum {
		err = fmt.Errorf("read %s: %w", path, errDamaged)
	}
	return b, err
}

// writeFile makes path hold b and a checksum, durably and all or nothing.
func writeFile(path string, b []byte) error {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli)))
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// readFile reads what writeFile wrote.
func readFile(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	body := b[:max(0, len(b)-crc32.Size)]
	if len(b) < crc32.Size || binary.LittleEndian.Uint32(b[len(body):]) != crc32.Checksum(body, castagnoli) {
		return nil, fmt.Errorf("read %s: %w", path, errDamaged)
	}
	return body, nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decode(b []byte, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(b)).Decode(v); err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	return nil
}

// syncDir makes the directory's entries durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
