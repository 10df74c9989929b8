package client

import (
	"context"
	"net/http"
	"strconv"
)

// Match is a search's answer in a word.
type Match string

// The three answers of a search.
const (
	// Nobody means that no subject reaches the threshold.
	Nobody Match = "nobody"
	// One means that one subject does, well ahead of the next.
	One Match = "one"
	// Several means that two or more do, too close to choose between.
	Several Match = "several"
)

// Search is what is looked for.
type Search struct {
	// Photos are 1 to 5 of the same person, which misses fewer people than one does.
	Photos []Photo
	// K is the most candidates that are told; 0 is 5.
	K int
	// FPIR or Threshold, a cosine, replace the gallery's rate; nil leaves it.
	FPIR      *float64
	Threshold *float64
	// Filter keeps subjects whose metadata has, for each key, one of the values.
	Filter map[string][]string
	// Detail is fast or full; empty is the gallery's.
	Detail string
	// Insert enrols the photos as a new subject, with Metadata, where the answer is
	// Nobody. Such a search is not sent again where it may have been done.
	Insert   bool
	Metadata map[string]string
	Timings  bool
}

// Candidate is a subject at or above the threshold.
type Candidate struct {
	Subject string `json:"subject"`
	// Face is the subject's nearest.
	Face     string            `json:"face"`
	Metadata map[string]string `json:"metadata"`
	Cosine   float64           `json:"cosine"`
	// Score says how rare it is that two strangers look this alike: ten points are a
	// factor of ten. It is 0 to 100.
	Score float64 `json:"score"`
}

// Result is the answer for one face.
type Result struct {
	Match Match `json:"match"`
	// Candidates are the best first.
	Candidates []Candidate `json:"candidates"`
	// Probe is the face that was searched.
	Probe     Face    `json:"probe"`
	Threshold float64 `json:"threshold"`
	// Extrapolated says that the threshold lies beyond what the calibration's data show.
	Extrapolated bool `json:"threshold_extrapolated"`
	// Faces is how many the gallery holds.
	Faces int `json:"faces"`
	// FPIR is the share of strangers' searches that find somebody at that threshold.
	FPIR float64 `json:"fpir"`
	// Review waits for a person to decide; empty is none.
	Review string `json:"review,omitempty"`
}

// SearchResult is the answer of a search.
type SearchResult struct {
	Result

	// Inserted is what was enrolled since nobody was found.
	Inserted *Enrolment `json:"inserted,omitempty"`
	Timings  *Timings   `json:"timings,omitempty"`
}

// SearchResults are the answers for every face of a photo, the largest first.
type SearchResults struct {
	Probes []Result `json:"probes"`
	// LeftOut is how many more faces the photo shows than a server looks at.
	LeftOut   int      `json:"faces_left_out"`
	Truncated bool     `json:"truncated"`
	Timings   *Timings `json:"timings,omitempty"`
}

// Search looks for whom the photos show.
func (c *Client) Search(ctx context.Context, gallery string, s Search) (SearchResult, error) {
	var r SearchResult
	err := c.search(ctx, gallery, s, false, &r)
	return r, err
}

// SearchAll looks for everybody whom one photo shows.
func (c *Client) SearchAll(ctx context.Context, gallery string, s Search) (SearchResults, error) {
	var r SearchResults
	err := c.search(ctx, gallery, s, true, &r)
	return r, err
}

func (c *Client) search(ctx context.Context, gallery string, s Search, all bool, into any) error {
	var f form
	if s.K != 0 {
		f.text("k", strconv.Itoa(s.K))
	}
	f.number("fpir", s.FPIR)
	f.number("threshold", s.Threshold)
	if len(s.Filter) > 0 {
		if err := f.json("filter", s.Filter); err != nil {
			return err
		}
	}
	f.text("detail", s.Detail)
	f.flag("all_faces", all)
	f.flag("insert", s.Insert)
	if err := f.metadata(s.Metadata); err != nil {
		return err
	}
	f.flag("timings", s.Timings)
	f.photos("photo", s.Photos...)
	_, err := c.fetch(ctx, call{
		method: http.MethodPost, path: []string{"v1", "galleries", gallery, "search"}, body: f.body, once: s.Insert, located: true, reads: !s.Insert,
	}, into)
	return err
}
