package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"

	"oneton/calibration"
	"oneton/face"
)

// groupResult is how a group of people fares at the pack's threshold for a
// false-match rate of 1e-4: FMR among people of the group, and FNMR.
type groupResult struct {
	Group  string                  `json:"group"`
	People int                     `json:"people"`
	FMR    float64                 `json:"fmr"`
	FNMR   *calibration.Proportion `json:"fnmr,omitempty"`
}

// groupFMR is the rate whose threshold groups are compared at.
const groupFMR = 1e-4

// byGroup compares groups; data is CSV of person,group.
func byGroup(s *photoSet, cosines matrix, templates []face.Template, data []byte, table *calibration.Table) ([]groupResult, error) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	people := make(map[string][]int)
	for _, row := range rows {
		if len(row) != 2 {
			return nil, fmt.Errorf("read groups: %q: need person,group", row)
		}
		if p := slices.Index(s.people, row[0]); p >= 0 {
			people[row[1]] = append(people[row[1]], p)
		}
	}
	threshold := table.Threshold(groupFMR)
	var res []groupResult
	for _, group := range slices.Sorted(maps.Keys(people)) {
		r := groupResult{Group: group, People: len(people[group])}
		var alarms, impostors, misses, mates int
		for n, p := range people[group] {
			for _, i := range s.of[p] {
				if templates[i] == nil {
					continue
				}
				for _, q := range people[group][:n] {
					if s.identity[p] == s.identity[q] {
						continue
					}
					for _, j := range s.of[q] {
						if templates[j] != nil {
							impostors++
							if float64(cosines[i][j]) >= threshold {
								alarms++
							}
						}
					}
				}
				for _, j := range s.of[p] {
					if j < i && templates[j] != nil {
						mates++
						if float64(cosines[i][j]) < threshold {
							misses++
						}
					}
				}
			}
		}
		r.FMR = float64(alarms) / float64(max(impostors, 1))
		if mates > 0 {
			p := proportion(misses, mates)
			r.FNMR = &p
		}
		res = append(res, r)
	}
	return res, nil
}
