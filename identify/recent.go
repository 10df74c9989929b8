package identify

import (
	"sync"
	"time"

	"oneton/index"
	"oneton/store"
)

const (
	// recentSearches is how many searches are remembered of a tenant, and recentTenants
	// of how many tenants.
	recentSearches = 100
	recentTenants  = 1000
)

// Searched is how a search was made. It tells nothing of who was searched or found.
type Searched struct {
	At time.Time
	// Gallery is its name.
	Gallery string
	Pack    string
	// Request names the request in the log.
	Request string
	// Probes is how many faces were searched, of Faces that are enrolled.
	Probes, Faces int
	// Work is that of all probes.
	Work    index.Work
	Timings Timings
}

// recent remembers the last searches of this process, in a bounded memory.
type recent struct {
	mu sync.Mutex
	of map[store.TenantID]*ring
}

// ring holds the last searches of a tenant.
type ring struct {
	all  [recentSearches]Searched
	made int
}

// add remembers a search.
func (r *recent) add(tenant store.TenantID, s Searched) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.of[tenant]
	if of == nil {
		if r.of == nil {
			r.of = make(map[store.TenantID]*ring)
		}
		for one := range r.of {
			if len(r.of) < recentTenants {
				break
			}
			delete(r.of, one) // any: who still searches is back at once
		}
		of = new(ring)
		r.of[tenant] = of
	}
	of.all[of.made%recentSearches] = s
	of.made++
}

// list are a tenant's, the newest first.
func (r *recent) list(tenant store.TenantID) (all []Searched) {
	r.mu.Lock()
	defer r.mu.Unlock()
	of := r.of[tenant]
	if of == nil {
		return nil
	}
	for i := of.made - 1; i >= max(0, of.made-recentSearches); i-- {
		all = append(all, of.all[i%recentSearches])
	}
	return all
}

// Searches are the tenant's last searches of this process, the newest first.
func (s *Service) Searches(by store.Actor) []Searched { return s.recent.list(by.Tenant) }

// remember remembers how a search was made.
func (s *Service) remember(by store.Actor, g store.Gallery, a Answer) {
	made := Searched{At: s.now(), Gallery: g.Name, Pack: g.Pack, Request: by.Request, Probes: len(a.Probes), Timings: a.Timings}
	for _, p := range a.Probes {
		made.Faces = max(made.Faces, p.Faces)
		made.Work = made.Work.And(p.work)
	}
	s.recent.add(by.Tenant, made)
}
