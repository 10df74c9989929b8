// Package turbojpeg decodes JPEGs with the machine's libjpeg-turbo, about three
// times as fast as image/jpeg. The library is loaded when the program runs, so
// that building needs nothing of it and machines without it still work.
package turbojpeg

/*
#cgo linux LDFLAGS: -ldl
#include <dlfcn.h>
#include <stdlib.h>

// The TurboJPEG API is stable within its soname (libturbojpeg.so.0); these are
// the calls of it used here, as turbojpeg.h declares them.
typedef void *(*init_fn)(void);
typedef int (*header_fn)(void *, const unsigned char *, unsigned long, int *, int *, int *, int *);
typedef int (*planes_fn)(void *, const unsigned char *, unsigned long, unsigned char **, int, int *, int, int);
typedef int (*destroy_fn)(void *);

static void *call_init(void *f) { return ((init_fn)f)(); }
static int call_header(void *f, void *h, const unsigned char *jpeg, unsigned long size, int *width, int *height, int *subsampling, int *colourspace) {
	return ((header_fn)f)(h, jpeg, size, width, height, subsampling, colourspace);
}
static int call_planes(void *f, void *h, const unsigned char *jpeg, unsigned long size,
		unsigned char *y, unsigned char *cb, unsigned char *cr, int ystride, int cstride, int flags) {
	unsigned char *planes[3] = {y, cb, cr};
	int strides[3] = {ystride, cstride, cstride};
	return ((planes_fn)f)(h, jpeg, size, planes, 0, strides, 0, flags);
}
static int call_destroy(void *f, void *h) { return ((destroy_fn)f)(h); }
*/
import "C"

import (
	"fmt"
	"image"
	"runtime"
	"unsafe"
)

// sonames are the library's names where the system's loader finds it.
var sonames = map[string]string{
	"linux":  "libturbojpeg.so.0",
	"darwin": "libturbojpeg.0.dylib",
}

// Library is a loaded libjpeg-turbo. It is safe for concurrent use.
type Library struct {
	init, header, planes, destroy unsafe.Pointer
}

// Open loads the library from the system's places, or is ErrMissing. A process
// loads it once and keeps it.
func Open() (*Library, error) {
	name := C.CString(sonames[runtime.GOOS])
	defer C.free(unsafe.Pointer(name))
	handle := C.dlopen(name, C.RTLD_NOW|C.RTLD_LOCAL)
	if handle == nil {
		return nil, fmt.Errorf("%w: %s", ErrMissing, C.GoString(C.dlerror()))
	}
	var l Library
	for symbol, f := range map[string]*unsafe.Pointer{
		"tjInitDecompress": &l.init, "tjDecompressHeader3": &l.header,
		"tjDecompressToYUVPlanes": &l.planes, "tjDestroy": &l.destroy,
	} {
		s := C.CString(symbol)
		*f = C.dlsym(handle, s)
		C.free(unsafe.Pointer(s))
		if *f == nil {
			return nil, fmt.Errorf("%w: it has no %s", ErrMissing, symbol)
		}
	}
	return &l, nil
}

// ratios are the subsamplings of the TurboJPEG API, in the order of its enum
// TJSAMP; grey, the fourth, has no chroma.
var ratios = [...]image.YCbCrSubsampleRatio{
	0: image.YCbCrSubsampleRatio444,
	1: image.YCbCrSubsampleRatio422,
	2: image.YCbCrSubsampleRatio420,
	4: image.YCbCrSubsampleRatio440,
	5: image.YCbCrSubsampleRatio411,
}

const (
	grey = 3
	// The API's enum TJCS.
	spaceYCbCr = 1
	spaceGrey  = 2
	// The API's flags TJFLAG_STOPONWARNING and TJFLAG_LIMITSCANS; the second
	// ends files that would cost minutes by thousands of progressive scans.
	flags = 8192 | 32768
)

// Decode returns an *image.YCbCr or *image.Gray with the samples as the file
// has them. What the library does not read without a warning, and what is not
// in those colours, is ErrUndecided: another decoder may tell why. So is a file
// of another size than the one the caller read from its header and allowed.
func (l *Library) Decode(jpeg []byte, size image.Point) (image.Image, error) {
	if len(jpeg) == 0 {
		return nil, ErrUndecided
	}
	h := C.call_init(l.init)
	if h == nil {
		return nil, fmt.Errorf("%w: no memory for a decoder", ErrUndecided)
	}
	defer C.call_destroy(l.destroy, h)
	data, n := (*C.uchar)(unsafe.SliceData(jpeg)), C.ulong(len(jpeg))
	var width, height, subsampling, space C.int
	if C.call_header(l.header, h, data, n, &width, &height, &subsampling, &space) != 0 {
		return nil, ErrUndecided
	}
	if image.Pt(int(width), int(height)) != size {
		return nil, ErrUndecided
	}
	frame := image.Rectangle{Max: size}
	switch {
	case space == spaceGrey && subsampling == grey:
		img := image.NewGray(frame)
		p := (*C.uchar)(unsafe.SliceData(img.Pix))
		if C.call_planes(l.planes, h, data, n, p, nil, nil, C.int(img.Stride), 0, flags) != 0 {
			return nil, ErrUndecided
		}
		return img, nil
	case space == spaceYCbCr && subsampling != grey && int(subsampling) < len(ratios):
		img := padded(frame, ratios[subsampling])
		y, cb, cr := (*C.uchar)(unsafe.SliceData(img.Y)), (*C.uchar)(unsafe.SliceData(img.Cb)), (*C.uchar)(unsafe.SliceData(img.Cr))
		if C.call_planes(l.planes, h, data, n, y, cb, cr, C.int(img.YStride), C.int(img.CStride), flags) != 0 {
			return nil, ErrUndecided
		}
		return img, nil
	}
	return nil, ErrUndecided
}

// padded is a picture whose planes have room for whole chroma samples, which
// is what the library writes: the luma plane is as wide as the chroma planes
// cover.
func padded(frame image.Rectangle, ratio image.YCbCrSubsampleRatio) *image.YCbCr {
	const widest = 4 // 4:1:1 has four luma samples to one of chroma
	room := image.Rect(0, 0, (frame.Dx()+widest-1)/widest*widest, (frame.Dy()+widest-1)/widest*widest)
	img := image.NewYCbCr(room, ratio)
	img.Rect = frame
	return img
}
