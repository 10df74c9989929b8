package search

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"path/filepath"
	"slices"
)

const (
	manifestName  = "set"
	manifestMagic = uint64(0x4f4e45544f4e4d32) // "ONETONM2": with the version
)

// manifest is what Save leaves: which files a set consists of and which of
// their rows are deleted. Files are never changed once written, so a save
// writes only what is new since the last.
type manifest struct {
	dimension int
	next      uint64
	note      []byte
	// basis is the set's, or nil.
	basis *basis
	parts []savedPart
}

type savedPart struct {
	number, rows int
	sum          uint32
	live         []uint16
}

// write makes m the directory's manifest, all or nothing.
func (m manifest) write(dir string) error {
	path := filepath.Join(dir, manifestName)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(m.encode())
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(dir)
}

func (m manifest) encode() []byte {
	e := binary.NativeEndian
	b := e.AppendUint64(nil, manifestMagic)
	b = e.AppendUint32(b, uint32(m.dimension))
	b = e.AppendUint64(b, m.next)
	b = e.AppendUint32(b, uint32(len(m.note)))
	b = append(b, m.note...)
	var basis []byte
	if m.basis != nil {
		basis = m.basis.encode()
	}
	b = e.AppendUint32(b, uint32(len(basis)))
	b = append(b, basis...)
	b = e.AppendUint32(b, uint32(len(m.parts)))
	for _, p := range m.parts {
		b = e.AppendUint32(b, uint32(p.number))
		b = e.AppendUint32(b, uint32(p.rows))
		b = e.AppendUint32(b, p.sum)
		b = e.AppendUint32(b, uint32(len(p.live)))
		for _, mask := range p.live {
			b = e.AppendUint16(b, mask)
		}
	}
	return e.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// decodeManifest reads what encode wrote, or returns ErrDamaged or ErrVersion.
func decodeManifest(b []byte) (manifest, error) {
	if len(b) < sumBytes || crc32.Checksum(b[:len(b)-sumBytes], castagnoli) != binary.NativeEndian.Uint32(b[len(b)-sumBytes:]) {
		return manifest{}, ErrDamaged
	}
	d := decoder{b: b[:len(b)-sumBytes]}
	if magic := d.uint64(); !d.short && magic != manifestMagic {
		return manifest{}, ErrVersion
	}
	m := manifest{dimension: int(d.uint32()), next: d.uint64()}
	m.note = slices.Clone(d.take(int(d.uint32())))
	if n := int(d.uint32()); n > 0 {
		var err error
		if m.basis, err = decodeBasis(d.take(n), m.dimension); err != nil {
			return manifest{}, err
		}
	}
	for n := d.uint32(); n > 0 && !d.short; n-- {
		p := savedPart{number: int(d.uint32()), rows: int(d.uint32()), sum: d.uint32()}
		if n := int(d.uint32()); n > 0 {
			masks := d.take(2 * n)
			for i := 0; i < len(masks); i += 2 {
				p.live = append(p.live, binary.NativeEndian.Uint16(masks[i:]))
			}
		}
		if p.rows == 0 || p.number == 0 || p.live != nil && len(p.live) != blocksFor(p.rows) {
			return manifest{}, ErrDamaged
		}
		m.parts = append(m.parts, p)
	}
	if d.short || len(d.b) > 0 {
		return manifest{}, ErrDamaged
	}
	return m, nil
}

// decoder reads numbers off the front of b; short tells that b was too short.
type decoder struct {
	b     []byte
	short bool
}

func (d *decoder) take(n int) []byte {
	if n < 0 || n > len(d.b) {
		d.short, d.b = true, nil
		return nil
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.NativeEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.NativeEndian.Uint64(b)
	}
	return 0
}
