package qdranttest

import "syscall"

// endWithParent has the kernel end the process when the test's process is
// killed before it can.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGKILL }
