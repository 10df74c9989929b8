package inflate

import (
	"encoding/binary"
	"io"
)

// source gives bits, the least of each byte first.
type source struct {
	data []byte
	// at is where in data those begin that are not held.
	at    int
	held  uint64
	count uint
}

// refill holds 56 bits, or all that are left. What is above is zero, or what comes next.
func (s *source) refill() {
	if s.at+8 <= len(s.data) {
		s.held |= binary.LittleEndian.Uint64(s.data[s.at:]) << s.count
		n := (63 - s.count) / 8
		s.at += int(n)
		s.count += 8 * n
		return
	}
	for s.count < 56 && s.at < len(s.data) {
		s.held |= uint64(s.data[s.at]) << s.count
		s.at++
		s.count += 8
	}
}

// take takes up to 32 bits.
func (s *source) take(n uint) (uint, error) {
	if s.count < n {
		if s.refill(); s.count < n {
			return 0, io.ErrUnexpectedEOF
		}
	}
	v := uint(s.held & (1<<n - 1))
	s.held >>= n
	s.count -= n
	return v, nil
}

// bytes takes whole bytes, from the next that begins.
func (s *source) bytes(n int) ([]byte, error) {
	s.at -= int(s.count / 8)
	s.held, s.count = 0, 0
	if len(s.data)-s.at < n {
		s.at = len(s.data)
		return nil, io.ErrUnexpectedEOF
	}
	s.at += n
	return s.data[s.at-n : s.at], nil
}
