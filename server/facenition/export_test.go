package facenition

// Endpoint is a call as tests see it.
type Endpoint struct {
	Name  string
	Since int
	// Open calls need no client token.
	Open bool
}

// Endpoints are all calls.
func Endpoints() []Endpoint {
	all := make([]Endpoint, len(endpoints))
	for i, e := range endpoints {
		all[i] = Endpoint{e.name, int(e.since), e.scope == ""}
	}
	return all
}

// Prefixes are what paths begin with, and the version that each asks for.
func Prefixes() map[string]int {
	all := map[string]int{}
	for prefix, v := range prefixes {
		all[prefix] = int(v)
	}
	return all
}
