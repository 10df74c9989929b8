package main

import (
	"errors"
	"fmt"

	"oneton/calibration"
	"oneton/document/mrz"
	"oneton/document/zone"
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
	// Seconds are those a document takes from the photo's bytes on, on this machine
	// as it was loaded.
	Seconds float64   `json:"median_seconds_a_document"`
	Peers   []mrzPeer `json:"peers,omitempty"`
	// Decided are all readings with what decided on them, for whoever sets the limits.
	Decided []mrzDecided `json:"readings"`
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

// mrzDecided is a reading's figures. Seen is the height as it was measured.
type mrzDecided struct {
	Format     string  `json:"format"`
	Distortion string  `json:"distortion"`
	Height     float64 `json:"height"`
	Seen       float64 `json:"height_seen"`
	Right      bool    `json:"right"`
	State      string  `json:"state"`
	Ratio      float64 `json:"ratio"`
	Repair     float64 `json:"repair"`
	Fit        float64 `json:"fit"`
	Seconds    float64 `json:"seconds"`
}

func mrzSummary(all []*mrzDocument) mrzResult {
	var res mrzResult
	legible := func(d *mrzDocument) bool { return d.height >= 26 }
	res.From26 = mrzCount(all, legible, "")
	res.At40 = mrzCount(all, func(d *mrzDocument) bool { return d.height >= 40 }, "")
	res.Below = mrzCount(all, func(d *mrzDocument) bool { return d.height < 20 }, "")
	heights := map[float64]bool{}
	var took []float64
	for _, d := range all {
		took = append(took, d.took.Seconds())
		if !heights[d.height] {
			heights[d.height] = true
			res.Heights = append(res.Heights, mrzCount(all, func(o *mrzDocument) bool { return o.height == d.height }, fmt.Sprintf("%.0f pixels", d.height)))
		}
		if d.err == nil {
			res.Decided = append(res.Decided, mrzDecided{
				d.format.String(), d.lighting, d.height, d.zone.LineHeight, d.right(), d.zone.State.String(),
				min(d.zone.Ratio, 100), d.zone.Repair, d.zone.Fit, d.took.Seconds(),
			})
		}
	}
	for _, f := range mrz.Formats() {
		res.Types = append(res.Types, mrzCount(all, func(d *mrzDocument) bool { return legible(d) && d.format == f }, f.String()))
	}
	for _, l := range mrzLightings {
		res.Distortions = append(res.Distortions, mrzCount(all, func(d *mrzDocument) bool { return legible(d) && d.lighting == l.name }, l.name))
	}
	res.Seconds = median(took)
	return res
}

// mrzCount counts the documents that belong.
func mrzCount(all []*mrzDocument, belongs func(*mrzDocument) bool, of string) mrzRates {
	r := mrzRates{Of: of}
	right, accepted, wrong := 0, 0, 0
	for _, d := range all {
		if !belongs(d) {
			continue
		}
		r.Documents++
		if d.right() {
			right++
		}
		switch {
		case errors.Is(d.err, zone.ErrSmall):
			r.Small++
		case d.err != nil:
			r.None++
		case d.zone.State == mrz.Ambiguous:
			r.Ambiguous++
		case d.zone.State == mrz.Unsure:
			r.Unsure++
		default:
			accepted++
			if !d.right() {
				wrong++
			}
		}
	}
	r.Right, r.Accepted, r.Wrong = share(right, r.Documents), share(accepted, r.Documents), share(wrong, r.Documents)
	return r
}

// share is a count's of all.
func share(count, all int) calibration.Proportion {
	return calibration.NewProportion(float64(count)/float64(max(all, 1)), float64(all))
}
