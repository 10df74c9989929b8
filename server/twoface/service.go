package twoface

import (
	"context"

	"oneton/kyc"
	"oneton/store"
)

// Service decides what is asked; *kyc.Service does. Every call stays within the
// tenant. What it does not find is kyc.ErrNotFound, with the id as it was given.
type Service interface {
	sessions
	checks
	records
}

type sessions interface {
	OpenSession(ctx context.Context, by store.Actor, kind kyc.Kind) (token string, err error)
	// Session is the open session of a token, or kyc.ErrSession.
	Session(ctx context.Context, token string) (kyc.Session, error)
	CloseSession(ctx context.Context, by store.Actor, s kyc.Session, status kyc.Status) (attempt string, err error)
}

type checks interface {
	// Uses tells how often a session may still ask for a check.
	Uses(ctx context.Context, s kyc.Session, e kyc.Endpoint) (kyc.Uses, error)
	// Begin takes one of the uses and begins the check as a job, or neither; where none
	// is left it is kyc.ErrUses.
	Begin(ctx context.Context, by store.Actor, s kyc.Session, e kyc.Endpoint, in kyc.Input) (job string, left kyc.Uses, err error)
	// Await waits until the job has ended, on whichever server.
	Await(ctx context.Context, tenant store.TenantID, job string) (kyc.Job, error)
	Workflow(name string) (kyc.Workflow, error)
	Start(ctx context.Context, by store.Actor, s kyc.Session, workflow string, in kyc.Input) (job string, err error)
}

type records interface {
	Job(ctx context.Context, by store.Actor, id string) (kyc.Job, error)
	CreateUser(ctx context.Context, by store.Actor, u kyc.NewUser) (kyc.User, error)
	User(ctx context.Context, by store.Actor, id string) (kyc.User, error)
	UserByDocument(ctx context.Context, by store.Actor, documentID string) (kyc.User, error)
	DeleteUser(ctx context.Context, by store.Actor, id string) error
	Attempt(ctx context.Context, by store.Actor, id string) (kyc.Attempt, error)
	Review(ctx context.Context, by store.Actor, id string, status kyc.Status, reason string) error
	Photo(ctx context.Context, tenant store.TenantID, ref kyc.PhotoRef) (store.Photo, error)
}
