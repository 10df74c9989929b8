package main

import (
	"fmt"
	"slices"

	"oneton/calibration"
	"oneton/document/mrz"
)

// mrzResult has the rates of whole documents: every character right.
type mrzResult struct {
	// Goals are over all types and distortions.
	From26 mrzRates `json:"lines_of_26_pixels_and_more"`
	At40   mrzRates `json:"lines_of_40_pixels_and_more"`
	Below  mrzRates `json:"lines_below_20_pixels"`
	// Heights are over types and distortions; Types and Distortions over heights of
	// 26 pixels and more.
	Heights     []mrzRates `json:"by_height"`
	Types       []mrzRates `json:"by_type"`
	Distortions []mrzRates `json:"by_distortion"`
	// Ratios and Repairs are what limits of both would accept, of all readings whatever
	// their lines' height, when the other has the limit that it has.
	Ratios  []mrzLimit `json:"accepted_by_least_ratio"`
	Repairs []mrzLimit `json:"accepted_by_greatest_repair"`
	// Seconds are those a document takes from the photo's bytes on, on this machine
	// as it was loaded.
	Seconds float64   `json:"median_seconds_a_document"`
	Peers   []mrzPeer `json:"peers,omitempty"`
	// Others are the readings that are not read and right, but for those too small.
	Others []mrzReading `json:"not_read_or_not_right"`
}

// mrzRates counts documents.
type mrzRates struct {
	Of        string `json:"of,omitempty"`
	Documents int    `json:"documents"`
	// Right were read right, whatever their state, and Accepted are those of state
	// "read", of which Wrong are not right: validated by a wrong zone.
	Right    calibration.Proportion `json:"right"`
	Accepted calibration.Proportion `json:"accepted"`
	Wrong    calibration.Proportion `json:"accepted_wrong"`
	// The others are ambiguous, unsure, too small, or no zone was found.
	Ambiguous int `json:"ambiguous"`
	Unsure    int `json:"unsure"`
	Small     int `json:"too_small"`
	None      int `json:"not_found"`
}

// mrzLimit is how many readings a limit accepts.
type mrzLimit struct {
	Limit float64 `json:"limit"`
	Right int     `json:"right"`
	Wrong int     `json:"wrong"`
}

// mrzReading is what was read of a document. Seen is the height as it was measured; what
// was printed and read is told where they differ.
type mrzReading struct {
	Format     string   `json:"format"`
	Number     int      `json:"number"`
	Distortion string   `json:"distortion"`
	Height     float64  `json:"height"`
	Seen       float64  `json:"height_seen"`
	Right      bool     `json:"right"`
	State      string   `json:"state"`
	Ratio      float64  `json:"ratio"`
	Repair     float64  `json:"repair"`
	Fit        float64  `json:"fit"`
	Seconds    float64  `json:"seconds"`
	Printed    []string `json:"printed,omitempty"`
	Read       []string `json:"read,omitempty"`
}

// The states of zones that were not read, beside those of package mrz.
const (
	mrzSmall = "too small"
	mrzNone  = "not found"
)

func mrzSummary(all []mrzReading, lightings []mrzLighting) mrzResult {
	var res mrzResult
	legible := func(r mrzReading) bool { return r.Height >= 26 }
	res.From26 = mrzCount(all, legible, "")
	res.At40 = mrzCount(all, func(r mrzReading) bool { return r.Height >= 40 }, "")
	res.Below = mrzCount(all, func(r mrzReading) bool { return r.Height < 20 }, "")
	var heights, took []float64
	for _, r := range all {
		took = append(took, r.Seconds)
		if !slices.Contains(heights, r.Height) {
			heights = append(heights, r.Height)
		}
		if r.State != mrzSmall && (!r.Right || r.State != mrz.Read.String()) {
			res.Others = append(res.Others, r)
		}
	}
	slices.Sort(heights)
	for _, h := range heights {
		res.Heights = append(res.Heights, mrzCount(all, func(r mrzReading) bool { return r.Height == h }, fmt.Sprintf("%.0f pixels", h)))
	}
	for _, f := range mrz.Formats() {
		res.Types = append(res.Types, mrzCount(all, func(r mrzReading) bool { return legible(r) && r.Format == f.String() }, f.String()))
	}
	for _, l := range lightings {
		res.Distortions = append(res.Distortions, mrzCount(all, func(r mrzReading) bool { return legible(r) && r.Distortion == l.name }, l.name))
	}
	for _, limit := range []float64{0, 1, 2, 3, 4, 5, 6, 8, 10} {
		res.Ratios = append(res.Ratios, mrzAccepted(all, limit, func(r mrzReading) bool { return r.Ratio >= limit && r.Repair <= mrz.Repaired }))
	}
	for _, limit := range []float64{2, 5, 8, 11, 14, 18, 22, 30} {
		res.Repairs = append(res.Repairs, mrzAccepted(all, limit, func(r mrzReading) bool { return r.Ratio >= mrz.Surely && r.Repair <= limit }))
	}
	res.Seconds = median(took)
	return res
}

// mrzAccepted counts the readings that satisfy all rules of a zone and are accepted.
func mrzAccepted(all []mrzReading, limit float64, accepted func(mrzReading) bool) mrzLimit {
	l := mrzLimit{Limit: limit}
	for _, r := range all {
		switch {
		case r.State != mrz.Read.String() && r.State != mrz.Ambiguous.String() || !accepted(r):
		case r.Right:
			l.Right++
		default:
			l.Wrong++
		}
	}
	return l
}

// mrzCount counts the readings that belong.
func mrzCount(all []mrzReading, belongs func(mrzReading) bool, of string) mrzRates {
	res := mrzRates{Of: of}
	right, accepted, wrong := 0, 0, 0
	for _, r := range all {
		if !belongs(r) {
			continue
		}
		res.Documents++
		if r.Right {
			right++
		}
		switch r.State {
		case mrzSmall:
			res.Small++
		case mrz.Ambiguous.String():
			res.Ambiguous++
		case mrz.Unsure.String():
			res.Unsure++
		case mrz.Read.String():
			accepted++
			if !r.Right {
				wrong++
			}
		default:
			res.None++
		}
	}
	res.Right, res.Accepted, res.Wrong = share(right, res.Documents), share(accepted, res.Documents), share(wrong, res.Documents)
	return res
}

// share is a count's of all.
func share(count, all int) calibration.Proportion {
	return calibration.NewProportion(float64(count)/float64(max(all, 1)), float64(all))
}
