package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"runtime"

	"oneton/build"
	"oneton/onnx"
	"oneton/search"
	"oneton/setup"
)

type versionCommand struct {
	settings
	output
}

// version says what a report of a fault, or a comparison of two machines, needs.
type version struct {
	// Version is the release's tag, such as v1.2.0; between releases it has the
	// time and the revision of the commit.
	Version string `json:"version"`
	// Revision is the commit, and Modified tells that the tree differed from it.
	Revision string `json:"revision,omitempty"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// Library is the file of ONNX Runtime, ONNXRuntime its version; LibraryError
	// is why it cannot be loaded.
	Library      string `json:"library,omitempty"`
	ONNXRuntime  string `json:"onnx_runtime,omitempty"`
	LibraryError string `json:"library_error,omitempty"`
	// Kernel is how templates are scanned on this machine.
	Kernel string `json:"kernel"`
}

// Run prints the version of the program and of what it computes with.
func (c *versionCommand) Run() error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	v := built()
	if v.Kernel, err = kernel(); err != nil {
		return err
	}
	paths, err := setup.Find(cfg.Setup, setup.Runtime)
	if err == nil {
		v.Library = paths.Library
		v.ONNXRuntime, err = libraryVersion(paths.Library)
	}
	if err != nil {
		v.LibraryError = err.Error()
	}
	return c.table(v, v.write)
}

// built is what the binary knows of itself.
func built() version {
	b := build.Read()
	return version{
		Version: b.Version, Revision: b.Revision, Modified: b.Modified,
		Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
	}
}

// kernel is the one that sets of templates use.
func kernel() (string, error) {
	set, err := search.New(search.Config{Dimension: 1, Workers: 1})
	if err != nil {
		return "", err
	}
	return set.Kernel(), set.Close()
}

func libraryVersion(path string) (version string, err error) {
	rt, err := onnx.Open(onnx.Config{Library: path})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	return rt.Version(), nil
}

func (v version) write(w io.Writer) {
	commit := v.Revision
	if v.Modified {
		commit += ", modified"
	}
	library := v.Library + " " + v.ONNXRuntime
	if v.LibraryError != "" {
		library = v.LibraryError
	}
	fmt.Fprintf(w, "oneton\t%s\nrevision\t%s\ngo\t%s %s\nonnx runtime\t%s\nkernel\t%s\n",
		v.Version, cmp.Or(commit, "unknown"), v.Go, v.Platform, library, v.Kernel)
}
