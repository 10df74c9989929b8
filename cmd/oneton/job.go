package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"oneton/client"
)

type jobCommand struct {
	List   jobList   `cmd:"" help:"List what a server does that takes long, the newest first."`
	Show   jobShow   `cmd:"" help:"Show how far a job has come, or wait for its end."`
	Cancel jobCancel `cmd:"" help:"End a job; what it has done stays."`
}

// share says how much of a job is done.
func share(j client.Job) string {
	if j.Total == 0 {
		return fmt.Sprintf("%d done", j.Done)
	}
	return fmt.Sprintf("%d of %d done", j.Done, j.Total)
}

func tellJob(o output, j client.Job) error {
	return o.table(j, func(w io.Writer) {
		fmt.Fprintf(w, "id\t%s\nkind\t%s\nstatus\t%s\nprogress\t%s\nattempt\t%d\nadded\t%s\n", j.ID, j.Kind, j.Status, share(j), j.Attempt, j.AddedAt.Format(time.RFC3339))
		if j.StartedAt != nil {
			fmt.Fprintf(w, "started\t%s\n", j.StartedAt.Format(time.RFC3339))
		}
		if j.EndedAt != nil {
			fmt.Fprintf(w, "ended\t%s\n", j.EndedAt.Format(time.RFC3339))
		}
		if j.Error != "" {
			fmt.Fprintf(w, "error\t%s\n", j.Error)
		}
	})
}

type jobList struct {
	target
	output
	Kind   string `help:"Those of this kind alone, such as import."`
	Status string `help:"Those with this status alone." enum:",queued,running,succeeded,failed,invalid,cancelled" default:""`
	Limit  int    `help:"The most rows; 0 is all." default:"100"`
}

// Run prints a row for each job.
func (c *jobList) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		out, n := newRows(c.output, func(w io.Writer, j client.Job) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", j.ID, j.AddedAt.Format(time.RFC3339), j.Kind, j.Status, share(j), j.Error)
		}), 0
		for j, err := range s.Jobs(ctx, client.JobQuery{Kind: c.Kind, Status: c.Status}) {
			if err != nil {
				return err
			}
			if err := out.add(j); err != nil {
				return err
			}
			if n++; n == c.Limit {
				break
			}
		}
		return out.end()
	})
}

type jobShow struct {
	target
	output
	ID   string `arg:"" help:"The job's id."`
	Wait bool   `help:"Wait until it has ended."`
}

// jobInterval is how often it is looked how far a job has come.
const jobInterval = time.Second

// Run prints the job, and where it waited for the end ends with exitNo unless the job
// succeeded.
func (c *jobShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		j, err := s.Job(ctx, c.ID)
		for err == nil && c.Wait && j.EndedAt == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(jobInterval):
			}
			j, err = s.Job(ctx, c.ID)
		}
		if err != nil {
			return err
		}
		if err := tellJob(c.output, j); err != nil {
			return err
		}
		if c.Wait && j.Status != "succeeded" {
			return answeredNo{}
		}
		return nil
	})
}

type jobCancel struct {
	target
	output
	ID string `arg:"" help:"The job's id."`
}

// Run ends the job, and prints it.
func (c *jobCancel) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		j, err := s.CancelJob(ctx, c.ID)
		if err != nil {
			return err
		}
		return tellJob(c.output, j)
	})
}
