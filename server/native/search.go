package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

type candidateAnswer struct {
	Subject  string            `json:"subject"`
	Face     string            `json:"face"`
	Metadata map[string]string `json:"metadata"`
	Cosine   float64           `json:"cosine"`
	Score    float64           `json:"score"`
}

func candidateOf(c identify.Candidate) candidateAnswer {
	return candidateAnswer{Subject: string(c.Subject), Face: string(c.Face), Metadata: metadataOf(c.Metadata), Cosine: c.Cosine, Score: c.Score}
}

// probeAnswer is the answer for one face of the photo.
type probeAnswer struct {
	Match      identify.Outcome  `json:"match"`
	Candidates []candidateAnswer `json:"candidates"`
	Probe      faceAnswer        `json:"probe"`
	Threshold  float64           `json:"threshold"`
	// Extrapolated says that the data of the calibration do not reach so far.
	Extrapolated bool    `json:"threshold_extrapolated"`
	Faces        int     `json:"faces"`
	FPIR         float64 `json:"fpir"`
	// Review is what waits for a person to decide.
	Review string `json:"review,omitempty"`
}

// searchAnswer is the answer for one face and, with all_faces, for each.
type searchAnswer struct {
	*probeAnswer
	Probes []probeAnswer `json:"probes,omitempty"`
	*crowd
	Inserted *enrolAnswer `json:"inserted,omitempty"`
	Timings  *timings     `json:"timings,omitempty"`
}

func (api *api) search(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photo     decode.Photos       `param:"photo,required"`
		K         *int                `param:"k"`
		FPIR      *float64            `param:"fpir"`
		Threshold *float64            `param:"threshold"`
		Filter    map[string][]string `param:"filter"`
		Detail    string              `param:"detail"`
		AllFaces  bool                `param:"all_faces"`
		Insert    bool                `param:"insert"`
		Metadata  map[string]string   `param:"metadata"`
		Timings   bool                `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	req := identify.SearchRequest{
		Gallery: segment(c, "gallery"), Photos: r.Photo, Threshold: r.Threshold, Filter: r.Filter,
		Detail: r.Detail, AllFaces: r.AllFaces, Insert: r.Insert, Metadata: r.Metadata,
	}
	var err error
	if req.Position, err = position(c); err != nil {
		return err
	}
	if r.K != nil {
		if *r.K < 1 {
			return decode.Invalid("k", "must be at least 1")
		}
		req.K = *r.K
	}
	if req.FPIR, err = rate("fpir", r.FPIR); err != nil {
		return err
	}
	if r.Insert {
		if err := server.Permit(c, ScopeEnrol, "insert"); err != nil {
			return err
		}
	}
	a, err := api.service.Search(c.UserContext(), by, req)
	if err != nil {
		return err
	}
	api.tally.searched(by.Tenant, a)
	server.SetPosition(c, a.Position)
	return c.JSON(searchAnswerOf(a, r.AllFaces, r.Timings))
}

func searchAnswerOf(a identify.Answer, all, timed bool) searchAnswer {
	probes := make([]probeAnswer, len(a.Probes))
	for i, p := range a.Probes {
		probes[i] = probeAnswer{
			Match: p.Outcome, Probe: faceOf(p.Face), Threshold: p.Threshold, Extrapolated: p.Extrapolated, Faces: p.Faces, FPIR: p.FPIR, Review: p.Review,
			Candidates: make([]candidateAnswer, len(p.Candidates)),
		}
		for j, cand := range p.Candidates {
			probes[i].Candidates[j] = candidateOf(cand)
		}
	}
	out := searchAnswer{Timings: timingsOf(timed, a.Timings)}
	if all {
		out.Probes, out.crowd = probes, new(crowdOf(a.LeftOut))
	} else {
		out.probeAnswer = &probes[0]
	}
	if a.Inserted != nil {
		out.Inserted = &enrolAnswer{Subject: subjectOf(a.Inserted.Subject), Faces: addedFaces(*a.Inserted)}
	}
	return out
}

// rate is an error rate that a request may name, 0 when it does not.
func rate(name string, r *float64) (float64, error) {
	if r == nil {
		return 0, nil
	}
	if !(*r > 0 && *r < 1) {
		return 0, decode.Invalid(name, "must lie between 0 and 1")
	}
	return *r, nil
}
