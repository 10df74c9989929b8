package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Thresholds are what the calibration expects of a gallery's answers.
type Thresholds struct {
	Pack string `json:"pack"`
	// Calibration is whose table answers follow: pack or own.
	Calibration string `json:"calibration"`
	// Source says on what data it was measured, and MeasuredFMR how low a false-match
	// rate those could show.
	Source      string  `json:"source"`
	MeasuredFMR float64 `json:"measured_fmr"`
	// Enrolled is how many faces the gallery has.
	Enrolled int `json:"enrolled"`
	// At is what is asked for. Sizes have the same rate, and Rates the same number of
	// faces.
	At    ThresholdPoint   `json:"at"`
	Sizes []ThresholdPoint `json:"sizes"`
	Rates []ThresholdPoint `json:"rates"`
}

// ThresholdPoint is what is expected of a gallery of so many faces at a threshold.
type ThresholdPoint struct {
	Faces int `json:"faces"`
	// FPIR is the share of people who are not enrolled that are answered with somebody.
	FPIR      float64 `json:"fpir"`
	Threshold float64 `json:"threshold"`
	Score     float64 `json:"score"`
	// FNIR is the share of people enrolled with one good photo that are missed; nil
	// where nobody has measured it.
	FNIR         *float64 `json:"fnir,omitempty"`
	Extrapolated bool     `json:"threshold_extrapolated"`
}

// ThresholdsOf says what to expect: where they are 0, the policy's rate and the number
// of enrolled faces.
type ThresholdsOf struct {
	FPIR  float64
	Faces int
}

// Thresholds says what a gallery's answers are expected to be worth.
func (c *Client) Thresholds(ctx context.Context, gallery string, of ThresholdsOf) (t Thresholds, err error) {
	call := get("v1", "galleries", gallery, "thresholds")
	call.query = url.Values{}
	if of.FPIR != 0 {
		call.query.Set("fpir", strconv.FormatFloat(of.FPIR, 'g', -1, 64))
	}
	if of.Faces != 0 {
		call.query.Set("faces", strconv.Itoa(of.Faces))
	}
	_, err = c.fetch(ctx, call, &t)
	return t, err
}

// Searched is how a search was made.
type Searched struct {
	At      time.Time `json:"at"`
	Gallery string    `json:"gallery"`
	Pack    string    `json:"pack"`
	// RequestID finds the request in the server's log.
	RequestID string `json:"request_id"`
	// Probes is how many faces were searched, of Faces that the gallery had.
	Probes int `json:"probes"`
	Faces  int `json:"faces"`
	// Rows is how many faces were gone over, Bytes what was read of them at most, and
	// Rescored how many were then compared as they are stored.
	Rows     int   `json:"rows"`
	Bytes    int64 `json:"bytes,omitempty"`
	Rescored int   `json:"rescored"`
	// Proof is why nobody nearer was left out: bounds, all or recall.
	Proof   string  `json:"proof"`
	Timings Timings `json:"timings"`
}

// Searches says how the last searches of the process that answers were made, the
// newest first.
func (c *Client) Searches(ctx context.Context) ([]Searched, error) {
	var a struct {
		Searches []Searched `json:"searches"`
	}
	_, err := c.fetch(ctx, get("v1", "searches"), &a)
	return a.Searches, err
}

// Evaluation is what a gallery's own faces say of its answers.
type Evaluation struct {
	// Job is the last that was asked for; nil when it ended long ago.
	Job *Job `json:"job,omitempty"`
	// Found is what the last that ended well has found; nil where none has.
	Found *EvaluationFound `json:"found,omitempty"`
}

// EvaluationFound is what an evaluation has found. Each face that was searched stood for
// a person who is not enrolled.
type EvaluationFound struct {
	At   time.Time `json:"at"`
	Pack string    `json:"pack"`
	// Enrolled is how many faces the gallery had, of People.
	Enrolled int `json:"enrolled"`
	People   int `json:"people"`
	// Searched is how many faces were searched, of SearchedPeople.
	Searched       int             `json:"searched"`
	SearchedPeople int             `json:"searched_people"`
	Policy         EvaluatedRate   `json:"policy"`
	Rates          []EvaluatedRate `json:"rates"`
	// Suspects is how many of the people may be enrolled twice.
	Suspects int `json:"suspects"`
	// Mates is how many faces were compared with others of their person, and Missed
	// which share did not reach the policy's threshold; nil where nobody has two.
	Mates  int          `json:"mates"`
	Missed *Proportion  `json:"missed,omitempty"`
	Alike  []AlikePair  `json:"alike"`
	Unlike []UnlikeFace `json:"unlike"`
}

// EvaluatedRate compares a promised rate with what was measured.
type EvaluatedRate struct {
	FPIR      float64 `json:"fpir"`
	Threshold float64 `json:"threshold"`
	// Found is how many people were answered with somebody else.
	Found    int        `json:"found"`
	Measured Proportion `json:"measured"`
	// Distinct leaves out the people who may be enrolled twice.
	Distinct Proportion `json:"distinct"`
}

// Proportion is a share with the interval that holds the true one with 95 % confidence.
type Proportion struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// FaceOf is a face and whose it is.
type FaceOf struct {
	Subject string `json:"subject"`
	Face    string `json:"face"`
}

// AlikePair are two people who look alike.
type AlikePair struct {
	A      FaceOf  `json:"a"`
	B      FaceOf  `json:"b"`
	Cosine float64 `json:"cosine"`
	Score  float64 `json:"score"`
	// Expected is how many pairs so alike chance is expected to make, and Suspect that
	// they are so few that the two are more likely one person.
	Expected float64 `json:"expected"`
	Suspect  bool    `json:"suspect"`
}

// UnlikeFace is a face that the others of its person are not like.
type UnlikeFace struct {
	FaceOf

	// Own is the cosine with the nearest of the person's Others.
	Own    float64 `json:"own"`
	Others int     `json:"others"`
	// Nearest is somebody else's, and Other its cosine; nil where there is none.
	Nearest *FaceOf  `json:"nearest,omitempty"`
	Other   *float64 `json:"other,omitempty"`
}

// Evaluate has a gallery measured, by at most so many of its faces; 0 is the usual
// number. It is a job, and answers while it is under way.
func (c *Client) Evaluate(ctx context.Context, gallery string, faces int) (e Evaluation, err error) {
	order := map[string]int{}
	if faces != 0 {
		order["faces"] = faces
	}
	body, err := jsonBody(order)
	if err != nil {
		return e, err
	}
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "evaluation"}, body: body}, &e)
	return e, err
}

// Evaluation reads what was measured last, which is nothing while nobody has asked.
func (c *Client) Evaluation(ctx context.Context, gallery string) (e Evaluation, err error) {
	_, err = c.fetch(ctx, get("v1", "galleries", gallery, "evaluation"), &e)
	return e, err
}
