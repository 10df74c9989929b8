package onnx

/*
#include <stdlib.h>

static int is_one(const char *name) {
	const char *value = getenv(name);
	return value && value[0] == '1' && !value[1];
}
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"unsafe"
)

// noTelemetry is the variable that keeps the library from reporting to its
// maker. It reads it when its environment is made, at which it would otherwise
// write a device id, a database and a log, and start to send; switching it off
// afterwards comes too late for that.
const noTelemetry = "ORT_DISABLE_TELEMETRY"

// reporters are what a library that can report has in it: the namespace of its
// client, and where that sends to.
var reporters = [][]byte{[]byte("Microsoft12Applications6Events"), []byte("events.data.microsoft.com")}

// silence sees to it that the library at the path, which is loaded next, does
// not report to its maker. It is ErrTelemetry when that cannot be had.
func silence(path string) error {
	err := os.Setenv(noTelemetry, "1")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTelemetry, err)
	}
	// The library asks C's environment, which need not be Go's.
	name := C.CString(noTelemetry)
	defer C.free(unsafe.Pointer(name))
	if C.is_one(name) == 0 {
		return fmt.Errorf("%w: %s=1 does not reach it", ErrTelemetry, noTelemetry)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLibrary, err)
	}
	defer f.Close()
	found, err := containsEach(f, append([][]byte{[]byte(noTelemetry)}, reporters...))
	if err != nil {
		return fmt.Errorf("%w: read %s: %w", ErrLibrary, path, err)
	}
	if obeys, reports := found[0], found[1] || found[2]; reports && !obeys {
		return fmt.Errorf("%w: %s does not know %s; use a version that does, such as the one that set-up fetches, or a build without telemetry",
			ErrTelemetry, path, noTelemetry)
	}
	return nil
}

// containsEach says of each word, none of which is long, whether it is in what
// is read.
func containsEach(r io.Reader, words [][]byte) ([]bool, error) {
	const block, overlap = 1 << 20, 64
	found := make([]bool, len(words))
	buf := make([]byte, overlap+block)
	for kept := 0; ; {
		n, err := io.ReadFull(r, buf[kept:])
		part := buf[:kept+n]
		for i, w := range words {
			found[i] = found[i] || bytes.Contains(part, w)
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return found, nil
		case err != nil:
			return nil, err
		}
		kept = copy(buf, part[max(0, len(part)-overlap):])
	}
}
