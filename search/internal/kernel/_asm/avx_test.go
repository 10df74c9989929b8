package main

import (
	"bytes"
	"testing"
)

// TestEncodeVPDPBUSD compares with what the GNU assembler makes of
// "{vex} vpdpbusd %yS, %yU, %yD".
func TestEncodeVPDPBUSD(t *testing.T) {
	for want, r := range map[string][3]byte{
		"\xc4\xc2\x3d\x50\xc2": {10, 8, 0},
		"\xc4\xc2\x35\x50\xfa": {10, 9, 7},
		"\xc4\xe2\x75\x50\xd0": {0, 1, 2},
		"\xc4\x42\x0d\x50\xef": {15, 14, 13},
		"\xc4\x62\x7d\x50\xc1": {1, 0, 8},
	} {
		if got := encodeVPDPBUSD(r[0], r[1], r[2]); !bytes.Equal(got, []byte(want)) {
			t.Errorf("registers %v: % x, want % x", r, got, want)
		}
	}
}
