// Package node is one oneton process: the database, the index that follows it,
// the models, the services, their APIs and the work beside them, put together
// from the rooms' own configurations. Commands, benches and tests open the same
// node.
package node

import (
	"context"
	"errors"

	"github.com/rs/zerolog"

	"oneton/access"
	"oneton/admin"
	"oneton/config"
	"oneton/credential"
	"oneton/evaluation"
	"oneton/facesession"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/imports"
	"oneton/job"
	"oneton/kyc"
	"oneton/limit"
	"oneton/message"
	"oneton/metrics"
	"oneton/server"
	"oneton/server/native"
	"oneton/server/problem"
	"oneton/signature"
	"oneton/trace"
	"oneton/webhook"
)

// Node is one oneton process: the truth, a view of it, the models and the
// HTTP server, put together by the configuration.
type Node struct {
	Truth   *Truth
	Service *identify.Service
	// Tokens are identity tokens, of which a database keeps no face.
	Tokens *identitytoken.Service
	// Credentials gives client tokens.
	Credentials *credential.Service
	// Jobs is durable work, which Serve does; KYC's checks are some.
	Jobs *job.Queue
	// KYC lets people show who they are.
	KYC *kyc.Service
	// Signatures sign tokens and results.
	Signatures *signature.Service
	// FaceSessions lets people show that they are whom a photo shows.
	FaceSessions *facesession.Service
	// Imports bring many people over.
	Imports *imports.Service
	// Evaluations measure what galleries' answers are worth.
	Evaluations *evaluation.Service
	// Sessions are browsers that signed in with a key.
	Sessions *access.Sessions
	// Limiter bounds how often each tenant may ask.
	Limiter *limit.Limiter
	// Webhooks tells tenants' receivers what happens.
	Webhooks *webhook.Service
	Server   *server.Server

	cfg         config.Config
	log         zerolog.Logger
	embedder    Embedder
	documents   *documents
	engine      engine
	post        *message.Post
	damages     damages
	conversions conversions
	// metrics, admin and tracer are nil where no operator asks.
	metrics *metrics.Metrics
	admin   *admin.Server
	tracer  *trace.Tracer
	// clips is nil where nothing judges any, and lacks is what this node does not do,
	// and why.
	clips *clips
	lacks map[string]string
	// keys tell whose a key of the native API is.
	keys native.Keys
	// alone says that this process has the data folder for itself, which Local took.
	alone bool
}

// Parts are what a node is given instead of opening it by the settings; the zero
// value is none. They are closed with the node.
type Parts struct {
	// Embedder stands for the models.
	Embedder Embedder
	// Store stands for the database; the data folder must be there.
	Store Database
	// APIs stand for all that a node speaks, and Scopes are those of them that
	// are of none that a node speaks.
	APIs   func(*Node) ([]server.API, error)
	Scopes []access.Scope
	// Documents and Clips stand for what reads documents and judges clips.
	Documents kyc.Documents
	Clips     kyc.Clips
	// Checks stand for what tells what frames of a camera show.
	Checks facesession.Checks
	// Keys stand for the database's in the native API.
	Keys native.Keys
	// Ready stands for what the node says of itself.
	Ready func(context.Context) error
}

// Open opens and connects every part. Models and library are where the
// configuration says, or where set-up put them.
func Open(ctx context.Context, cfg config.Config, log zerolog.Logger) (*Node, error) {
	return OpenWith(ctx, cfg, log, Parts{})
}

// OpenWith is Open with parts of the caller's.
func OpenWith(ctx context.Context, cfg config.Config, log zerolog.Logger, parts Parts) (_ *Node, err error) {
	n := &Node{cfg: cfg, log: log, embedder: parts.Embedder}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if err := n.observe(&cfg); err != nil {
		return nil, err
	}
	n.cfg = cfg
	if n.embedder == nil {
		if n.embedder, err = openModels(cfg); err != nil {
			if parts.Store != nil {
				err = errors.Join(err, parts.Store.Close())
			}
			return nil, err
		}
	}
	if parts.Store == nil {
		n.Truth, err = openTruth(ctx, cfg, parts.Scopes)
	} else {
		n.Truth, err = truthOf(ctx, cfg, parts.Store, parts.Scopes)
	}
	if err != nil {
		return nil, err
	}
	if n.engine, err = openEngine(ctx, cfg, n.Truth, log); err != nil {
		return nil, err
	}
	service := cfg.Identify
	service.DefaultPack, service.Fixed = n.embedder.Packs()[0], []string{cfg.KYC.Gallery}
	if n.Service, err = identify.New(service, n.embedder, n.engine, n.engine, n.Truth.Store); err != nil {
		return nil, err
	}
	if err := identify.PrepareSpaces(ctx, n.embedder, n.Truth.Store); err != nil {
		return nil, err
	}
	if n.Tokens, err = identitytoken.New(cfg.Identity, n.Truth.secret, n.Truth.Store, n.embedder, n.Service); err != nil {
		return nil, err
	}
	n.Jobs = job.NewQueue(cfg.Jobs, n.Truth.Store, log)
	if n.Webhooks, err = webhook.New(cfg.Webhooks, n.Truth.secret, n.Truth.Store, n.Jobs, events()...); err != nil {
		return nil, err
	}
	if n.Signatures, err = n.Truth.OpenSignatures(cfg); err != nil {
		return nil, err
	}
	n.Limiter = limit.New(cfg.Limits, n.Truth.counter())
	if n.post, err = openPost(cfg); err != nil {
		return nil, err
	}
	if n.Credentials, err = n.Truth.OpenCredentials(cfg, n.post); err != nil {
		return nil, err
	}
	if n.KYC, err = n.openKYC(parts); err != nil {
		return nil, err
	}
	if n.FaceSessions, err = n.openFaceSessions(parts); err != nil {
		return nil, err
	}
	if n.keys = parts.Keys; n.keys == nil {
		n.keys = n.Truth.Access
	}
	n.Imports = n.openImports()
	n.Evaluations = evaluation.NewService(n.Truth.Store, n.Service, n.Jobs)
	n.Sessions = n.Truth.OpenSessions(cfg)
	if parts.APIs == nil {
		parts.APIs = (*Node).openAPIs
	}
	apis, err := parts.APIs(n)
	if err != nil {
		return nil, err
	}
	if parts.Ready == nil {
		parts.Ready = n.ready
	}
	health := server.Health{Ready: parts.Ready, Problem: problem.Stored.Problem, Off: n.off}
	if n.Server, err = server.New(cfg.Server, health, log, apis...); err != nil {
		return nil, err
	}
	return n, n.openAdmin()
}

// Close ends what Serve has not; it is for after it.
func (n *Node) Close() error {
	var errs []error
	if n.admin != nil {
		errs = append(errs, n.admin.Close())
	}
	if n.Webhooks != nil {
		n.Webhooks.Close()
	}
	if n.engine != nil {
		errs = append(errs, n.engine.Close())
	}
	if n.Truth != nil {
		errs = append(errs, n.Truth.Close())
	}
	if n.documents != nil {
		errs = append(errs, n.documents.Close())
	}
	if n.clips != nil {
		errs = append(errs, n.clips.Close())
	}
	if n.embedder != nil {
		errs = append(errs, n.embedder.Close())
	}
	if n.tracer != nil {
		errs = append(errs, n.tracer.Close())
	}
	return errors.Join(errs...)
}
