package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"filippo.io/age"
	"github.com/klauspost/compress/zstd"
)

// ErrSealed means that a backup is encrypted and was not opened: nothing was given to
// open it with, or something else than it was sealed for.
var ErrSealed = errors.New("the backup is encrypted")

// window is how far back compression looks, which bounds what a reader needs.
const window = 8 << 20

// Seal compresses what is written to it, with zstd, and encrypts it, with age, for
// the recipients if there are any. Only what was closed is whole.
func Seal(w io.Writer, recipients ...age.Recipient) (io.WriteCloser, error) {
	var closers closers
	if len(recipients) > 0 {
		sealed, err := age.Encrypt(w, recipients...)
		if err != nil {
			return nil, fmt.Errorf("encrypt backup: %w", err)
		}
		w, closers = sealed, append(closers, sealed)
	}
	packed, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress backup: %w", err)
	}
	return struct {
		io.Writer
		io.Closer
	}{packed, append(closers, packed)}, nil
}

// closers are closed the last first.
type closers []io.Closer

func (c closers) Close() error {
	for _, closer := range slices.Backward(c) {
		if err := closer.Close(); err != nil {
			return fmt.Errorf("end backup: %w", err)
		}
	}
	return nil
}

// What files begin with.
var (
	ageMagic  = []byte("age-encryption.org/")
	zstdMagic = []byte{0x28, 0xB5, 0x2F, 0xFD}
)

// Open reads what Seal has written.
func Open(r io.Reader, identities ...age.Identity) (io.ReadCloser, error) {
	in := bufio.NewReader(r)
	if begin, _ := in.Peek(len(ageMagic)); bytes.Equal(begin, ageMagic) {
		if len(identities) == 0 {
			return nil, fmt.Errorf("%w: it needs its passphrase, or the identity that it was encrypted for", ErrSealed)
		}
		plain, err := age.Decrypt(in, identities...)
		if err != nil {
			if _, none := errors.AsType[*age.NoIdentityMatchError](err); none {
				err = fmt.Errorf("%w: the passphrase or identity is not its own", ErrSealed)
			}
			return nil, fmt.Errorf("decrypt backup: %w", err)
		}
		in = bufio.NewReader(plain)
	}
	if begin, _ := in.Peek(len(zstdMagic)); !bytes.Equal(begin, zstdMagic) {
		return nil, ErrFormat
	}
	packed, err := zstd.NewReader(in, zstd.WithDecoderMaxWindow(window), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("decompress backup: %w", err)
	}
	return packed.IOReadCloser(), nil
}
