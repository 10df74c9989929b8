package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"oneton/doctor"
)

var errUnhealthy = errors.New("doctor: a server would not start or would not work")

type doctorCommand struct {
	settings
	output
	Listen string `help:"Address that the server listens on, host:port, where it was told by --listen."`
	All    bool   `help:"Print what is well, too."`
}

// Run says what is wrong, a line each, and fails where a server would not start or
// would not work.
func (c *doctorCommand) Run(ctx context.Context) error {
	var findings []doctor.Finding
	cfg, err := c.load(map[string]any{"listen": c.Listen})
	if err != nil {
		findings = doctor.ExamineSettings(err)
	} else {
		findings = doctor.Examine(ctx, cfg)
	}
	if err := c.tell(findings); err != nil {
		return err
	}
	if !doctor.Healthy(findings) {
		return errUnhealthy
	}
	return nil
}

// examination is what is printed as JSON.
type examination struct {
	Healthy bool             `json:"healthy"`
	Checks  []doctor.Finding `json:"checks"`
}

func (c *doctorCommand) tell(findings []doctor.Finding) error {
	return c.print(examination{doctor.Healthy(findings), findings}, func(w io.Writer) error {
		well := 0
		for _, f := range findings {
			if f.State == doctor.OK {
				well++
			}
			if c.All || f.State == doctor.Failed || f.State == doctor.Warning {
				fmt.Fprintf(w, "%-8s %-10s %s\n", f.State, f.Check, f)
			}
		}
		_, err := fmt.Fprintf(w, "%d of %d checks are well\n", well, len(findings))
		return err
	})
}
