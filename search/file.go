package search

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"unsafe"
)

// A segment's file holds, in the byte order of the machine that wrote it, a
// header; every row's vector, followed by the vector's checksum; and the hot
// bytes, exactly as memory has them.
const (
	fileMagic   = uint64(0x4f4e45544f4e5334) // "ONETONS4": with the version
	headerBytes = 8 + 4 + 4 + 8 + 4 + 4 + 4
	sumBytes    = 4

	// pinnedBytes is the size up to which a file's vectors are kept in
	// memory, where they take less than an open file does.
	pinnedBytes = 64 << 10

	// writtenAtOnce is how much of a file waits in memory for the disk, and
	// pacedBytes how much is written between two rests.
	writtenAtOnce = 4 << 20
	pacedBytes    = 64 << 10

	fileMode = 0o600
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// segmentFile is the file that holds a segment's vectors.
type segmentFile struct {
	*os.File
	dimension int
}

func (f *segmentFile) close() { _ = f.File.Close() }

// read reads a row's vector and its checksum into to. When that may have to
// wait for the disk it first calls waiting.
func (f *segmentFile) read(row int, to []float32, waiting func()) error {
	b := bytesOf(to[:f.dimension+1])
	if at := f.at(row); !readCached(f.File, b, at) {
		waiting()
		if _, err := f.ReadAt(b, at); errors.Is(err, io.EOF) {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		} else if err != nil {
			return err
		}
	}
	return checkVector(b)
}

// fetch begins to read a row's vector from the disk.
func (f *segmentFile) fetch(row int) {
	readAhead(f.File, f.at(row), vectorBytes(f.dimension))
}

// at is where a row's vector is in the file.
func (f *segmentFile) at(row int) int64 {
	return headerBytes + int64(row)*int64(vectorBytes(f.dimension))
}

func vectorBytes(dimension int) int { return 4*dimension + sumBytes }

// checkVector checks what appendVector wrote.
func checkVector(b []byte) error {
	vector, sum := b[:len(b)-sumBytes], b[len(b)-sumBytes:]
	if crc32.Checksum(vector, castagnoli) != binary.NativeEndian.Uint32(sum) {
		return ErrDamaged
	}
	return nil
}

func appendVector(b []byte, v []float32) []byte {
	vector := bytesOf(v)
	b = append(b, vector...)
	return binary.NativeEndian.AppendUint32(b, crc32.Checksum(vector, castagnoli))
}

func bytesOf(v []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), 4*len(v))
}

// fileWriter writes a segment's file.
type fileWriter struct {
	file   *os.File
	out    *bufio.Writer
	buffer []byte
	// written is how much has been handed on, and begun how much of it the
	// system has been asked to write to the disk.
	written, begun int64
}

func segmentPath(dir string, number int) string {
	return filepath.Join(dir, fmt.Sprintf("%08d.segment", number))
}

func createFile(path string) (*fileWriter, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return nil, err
	}
	w := &fileWriter{file: f, out: bufio.NewWriterSize(f, 1<<18)}
	w.buffer = make([]byte, headerBytes)
	return w, w.flush()
}

// flush hands the buffer on; bufio keeps the first error until the end.
func (w *fileWriter) flush() error {
	err := w.write(w.buffer)
	w.buffer = w.buffer[:0]
	return err
}

// write writes b. The disk gets it while more is made and not all at the end,
// which others who wait for the disk would have to wait for.
func (w *fileWriter) write(b []byte) error {
	_, err := w.out.Write(b)
	w.written += int64(len(b))
	if w.written-w.begun >= writtenAtOnce {
		beginWriting(w.file, w.begun, w.written-w.begun)
		w.begun = w.written
	}
	return err
}

func (w *fileWriter) vector(v []float32) error {
	w.buffer = appendVector(w.buffer, v)
	return w.flush()
}

// finish writes the rest of the file, makes it durable and returns the
// checksum of its header, which names its content.
func (w *fileWriter) finish(s *segment, pace *Pace) (uint32, error) {
	var hotSum uint32
	for some := range slices.Chunk(s.hot.bytes, pacedBytes) {
		if err := w.write(some); err != nil {
			return 0, err
		}
		hotSum = crc32.Update(hotSum, castagnoli, some)
		pace.Rest()
	}
	if err := w.out.Flush(); err != nil {
		return 0, err
	}
	h := header(s.basis, s.dimension, s.capacity, s.base, hotSum)
	if _, err := w.file.WriteAt(h, 0); err != nil {
		return 0, err
	}
	return headerSum(h), w.file.Sync()
}

func (w *fileWriter) abandon() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name())
}

// header is the magic, dimension, rows, base, checksum of the basis (or zero),
// checksum of the hot bytes and checksum of the header so far.
func header(of *basis, dimension, rows int, base uint64, hotSum uint32) []byte {
	b := make([]byte, 0, headerBytes)
	b = binary.NativeEndian.AppendUint64(b, fileMagic)
	b = binary.NativeEndian.AppendUint32(b, uint32(dimension))
	b = binary.NativeEndian.AppendUint32(b, uint32(rows))
	b = binary.NativeEndian.AppendUint64(b, base)
	b = binary.NativeEndian.AppendUint32(b, sumOf(of))
	b = binary.NativeEndian.AppendUint32(b, hotSum)
	return binary.NativeEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func headerSum(h []byte) uint32 { return binary.NativeEndian.Uint32(h[headerBytes-sumBytes:]) }

// openSegment reads a segment of so many rows, coded as they are or in a set's
// basis, back from its file, whose header must have the checksum. It returns
// ErrDamaged or ErrVersion for any other file.
func openSegment(dir string, number int, set *basis, dimension, rows int, sum uint32) (*segment, error) {
	path := segmentPath(dir, number)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if err != nil {
		return nil, err
	}
	s, err := readSegment(f, set, dimension, rows, sum)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	s.number, s.sum = number, sum
	return s, nil
}

func readSegment(f *os.File, set *basis, dimension, rows int, sum uint32) (*segment, error) {
	h := make([]byte, headerBytes)
	if _, err := io.ReadFull(f, h); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	base, of, hotSum := binary.NativeEndian.Uint64(h[16:]), binary.NativeEndian.Uint32(h[24:]), binary.NativeEndian.Uint32(h[28:])
	if of == 0 {
		set = nil
	}
	if binary.NativeEndian.Uint64(h) != fileMagic && headerSum(h) == sum && crc32.Checksum(h[:headerBytes-sumBytes], castagnoli) == sum {
		return nil, ErrVersion
	}
	if headerSum(h) != sum || string(h) != string(header(set, dimension, rows, base, hotSum)) {
		return nil, ErrDamaged
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	hotAt := headerBytes + int64(rows)*int64(vectorBytes(dimension))
	if info.Size() != hotAt+int64(hotBytes(layoutOf(set, dimension), rows)) {
		return nil, ErrDamaged
	}
	s, err := newSegment(set, dimension, rows, base, rows*dimension*4 <= pinnedBytes)
	if err != nil {
		return nil, err
	}
	if _, err = f.ReadAt(s.hot.bytes, hotAt); err == nil && crc32.Checksum(s.hot.bytes, castagnoli) != hotSum {
		err = ErrDamaged
	}
	s.file = &segmentFile{File: f, dimension: dimension}
	if err == nil && s.vectors != nil {
		err = s.pin()
	}
	if err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

// pin reads all vectors into memory and closes the file.
func (s *segment) pin() error {
	var vectors sequence
	for row := range s.capacity {
		v, err := vectors.at(s, row)
		if err != nil {
			return err
		}
		copy(s.vectors[row*s.dimension:], v)
	}
	s.file.close()
	s.file = nil
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove old file: %w", err)
	}
	return nil
}

// syncDir makes the directory's entries durable.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
