package server

import (
	"github.com/gofiber/fiber/v2"
)

// API is one of those that a server serves. All are served alike: behind the
// same limits, request ids, deadlines, recovery and log, and none knows of
// another.
type API struct {
	// Name is a word for it, by which its requests are counted.
	Name string
	// Prefixes are what the API's paths begin with. A path is of the API with
	// the longest prefix of it, which answers there, if only that there is no
	// such route.
	Prefixes []string
	// Host is the name of a host, in small letters and without a port, of which
	// every path is the API's; it needs no prefixes then. It is empty where the
	// API is beside the others.
	Host string
	// Routes adds the calls, each once. What errors they return is told by Problem and
	// answered by Refuse, as is what the server itself refuses.
	Routes func(r fiber.Router)
	// Problem tells what an error comes to, if the API knows it. The server
	// tells its own errors; one that nobody knows is internal.
	Problem func(err error) (Problem, bool)
	// Refuse answers that the request came to a problem, in the API's shape and
	// with its challenge where a key is wanted; nil is SendProblem.
	Refuse func(c *fiber.Ctx, p Problem) error
	// Headers are what pages of other origins may send and see, beside the
	// headers of HTTP and the server's own.
	Headers Headers
	// Description describes the API to clients; one without a path has none, as what
	// only its own pages call.
	Description Description
}

// Headers are names of an API's own.
type Headers struct {
	// Accepted are read in requests, and Exposed are told in answers.
	Accepted, Exposed []string
}

// Description is an OpenAPI description in YAML, and the path to serve it at,
// under no prefix of an API.
type Description struct {
	Path string
	YAML []byte
}
