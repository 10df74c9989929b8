// Package client calls a oneton server's native API: galleries, people and
// their faces, search, comparison, detection, webhooks.
//
// A Client sends again what may be sent again and nothing else: see Config. Answers
// other than success are an *Error, which errors.Is compares with a Code:
//
//	if errors.Is(err, client.NoFace) { … }
//
// It imports nothing but the standard library.
package client
