package imports

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"
)

// Report writes what was not enrolled, and why, a row or line each.
type Report func(Result) error

// refusal is a line of a report.
type refusal struct {
	Path    string  `json:"path"`
	Subject string  `json:"subject,omitempty"`
	Outcome Outcome `json:"outcome"`
	Code    string  `json:"code,omitempty"`
	Message string  `json:"message,omitempty"`
	Advice  string  `json:"what_to_do,omitempty"`
}

func refusalOf(r Result) refusal {
	line := refusal{Path: r.Ref, Subject: string(r.Subject), Outcome: r.Outcome}
	if r.Refusal != nil {
		line.Code, line.Message, line.Advice = r.Refusal.Code, r.Refusal.Message, r.Refusal.Advice
	}
	return line
}

// told tells whether a report has the result.
func (r Result) told() bool { return r.Outcome == Refused || r.Outcome == Skipped }

// LinesReport writes one JSON object a line.
func LinesReport(w io.Writer) Report {
	e := json.NewEncoder(w)
	return func(r Result) error {
		if !r.told() {
			return nil
		}
		return e.Encode(refusalOf(r))
	}
}

// TableReport writes CSV with a first row of names. Paths that begin as a formula does
// stand in quotes.
func TableReport(w io.Writer) Report {
	c := csv.NewWriter(w)
	begun := false
	return func(r Result) error {
		if !begun {
			begun = true
			if err := c.Write([]string{"path", "subject", "outcome", "code", "message", "what_to_do"}); err != nil {
				return err
			}
		}
		if r.told() {
			line := refusalOf(r)
			if err := c.Write([]string{cell(line.Path), line.Subject, string(line.Outcome), line.Code, line.Message, line.Advice}); err != nil {
				return err
			}
		}
		c.Flush()
		return c.Error()
	}
}

// cell is a path as text: a spreadsheet would compute one that begins as a formula does.
func cell(path string) string {
	if strings.IndexAny(path, "=+-@") == 0 {
		return strconv.Quote(path)
	}
	return path
}
