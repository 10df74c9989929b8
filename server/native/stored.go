package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// storedCandidate is a subject who is like another one.
type storedCandidate struct {
	candidateAnswer

	// Of is the nearest face of the subject asked about.
	Of string `json:"of"`
}

// ranking is how many are wanted, and from where on.
type ranking struct {
	K         *int     `param:"k"`
	FPIR      *float64 `param:"fpir"`
	Threshold *float64 `param:"threshold"`
	In        string   `param:"in"`
}

// read are the ranking's k and rate, 0 where it names none.
func (r ranking) read() (k int, fpir float64, err error) {
	if r.K != nil {
		if *r.K < 1 {
			return 0, 0, decode.Invalid("k", "must be at least 1")
		}
		k = *r.K
	}
	fpir, err = rate("fpir", r.FPIR)
	return k, fpir, err
}

func (api *api) searchStored(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		ranking
		Face    string              `param:"face"`
		Filter  map[string][]string `param:"filter"`
		Timings bool                `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	req := identify.StoredRequest{
		Gallery: segment(c, "gallery"), Subject: store.SubjectID(segment(c, "subject")), Face: store.FaceID(r.Face),
		In: r.In, Threshold: r.Threshold, Filter: r.Filter,
	}
	var err error
	if req.K, req.FPIR, err = r.read(); err != nil {
		return err
	}
	if req.Position, err = position(c); err != nil {
		return err
	}
	a, err := api.service.SearchStored(c.UserContext(), by, req)
	if err != nil {
		return err
	}
	out := struct {
		Match        identify.Outcome  `json:"match"`
		Candidates   []storedCandidate `json:"candidates"`
		Searched     []string          `json:"searched"`
		LeftOut      int               `json:"left_out"`
		Threshold    float64           `json:"threshold"`
		Extrapolated bool              `json:"threshold_extrapolated"`
		Faces        int               `json:"faces"`
		FPIR         float64           `json:"fpir"`
		Timings      *timings          `json:"timings,omitempty"`
	}{
		Match: a.Outcome, Candidates: []storedCandidate{}, Searched: []string{}, LeftOut: a.LeftOut,
		Threshold: a.Threshold, Extrapolated: a.Extrapolated, Faces: a.Faces, FPIR: a.FPIR, Timings: timingsOf(r.Timings, a.Timings),
	}
	for _, cand := range a.Candidates {
		out.Candidates = append(out.Candidates, storedCandidate{candidateOf(cand.Candidate), string(cand.Of)})
	}
	for _, id := range a.Searched {
		out.Searched = append(out.Searched, string(id))
	}
	server.SetPosition(c, a.Position)
	return c.JSON(out)
}

// memberAnswer is one of two people who are alike.
type memberAnswer struct {
	Subject  string            `json:"subject"`
	Face     string            `json:"face"`
	Metadata map[string]string `json:"metadata"`
}

func memberOf(m identify.Member) memberAnswer {
	return memberAnswer{string(m.Subject), string(m.Face), metadataOf(m.Metadata)}
}

// pairAnswer is two people who are alike.
type pairAnswer struct {
	A      memberAnswer `json:"a"`
	B      memberAnswer `json:"b"`
	Cosine float64      `json:"cosine"`
	Score  float64      `json:"score"`
}

func (api *api) duplicates(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest
		ranking
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	req := identify.DuplicatesRequest{Gallery: segment(c, "gallery"), In: r.In, Threshold: r.Threshold, After: store.SubjectID(p.After), Limit: p.Limit}
	if req.K, req.FPIR, err = r.read(); err != nil {
		return err
	}
	d, err := api.service.Duplicates(c.UserContext(), by, req)
	if err != nil {
		return err
	}
	out := struct {
		Pairs        []pairAnswer      `json:"pairs"`
		Searched     int               `json:"searched"`
		NotCompared  []store.SubjectID `json:"not_compared,omitempty"`
		Cut          []store.SubjectID `json:"cut,omitempty"`
		Partly       []store.SubjectID `json:"partly,omitempty"`
		Threshold    float64           `json:"threshold"`
		Extrapolated bool              `json:"threshold_extrapolated"`
		Faces        int               `json:"faces"`
		Next         store.SubjectID   `json:"next,omitempty"`
	}{
		Pairs: []pairAnswer{}, Searched: d.Searched, NotCompared: d.NotCompared, Cut: d.Cut, Partly: d.Partly,
		Threshold: d.Threshold, Extrapolated: d.Extrapolated, Faces: d.Faces, Next: d.Next,
	}
	for _, p := range d.Pairs {
		out.Pairs = append(out.Pairs, pairAnswer{memberOf(p.A), memberOf(p.B), p.Cosine, p.Score})
	}
	return c.JSON(out)
}
