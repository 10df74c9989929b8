//go:build !linux

package qdranttest

import "syscall"

// endWithParent does nothing where the kernel does not offer it.
func endWithParent(*syscall.SysProcAttr) {}
