package admin

import "errors"

// ErrPublic means that the admin address is one that others than this machine reach,
// and the operator has not said that it may be.
var ErrPublic = errors.New("admin.listen is not a loopback address: metrics and profiles would be open to whoever reaches it, without a key; set admin.public to true where a firewall or a private network keeps others out")
