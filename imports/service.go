package imports

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"oneton/audit"
	"oneton/identify"
	"oneton/job"
	"oneton/store"
)

// Kind is that of the jobs that import.
const Kind = "import"

// The formats of what an import is made from.
const (
	FormatZIP   = "zip"
	FormatLines = "ndjson"
)

// What an import does with people who are there, but not by it.
const (
	ExistingAdd    = "add"
	ExistingSkip   = "skip"
	ExistingRefuse = "refuse"
)

// MaxParts is how many parts an import may be sent in.
const MaxParts = 10_000

// Finished is the event of an import that has ended; see Counts.
const (
	Finished      = "import.finished"
	FinishedMeans = "an import of people has ended, well or failed"
)

// Faces enrols; *identify.Service does.
type Faces interface {
	Gallery(ctx context.Context, by store.Actor, name string) (store.Gallery, error)
	Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error)
}

// Jobs does what takes long; *job.Queue does.
type Jobs interface {
	Handle(kind string, k job.Kind)
	Add(tx store.Tx, n job.New) (job.ID, error)
	Get(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
	Cancel(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
}

// Events tells receivers what happens; *webhook.Service does.
type Events interface {
	Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error
}

// Observer counts what becomes of items; nil is nobody.
type Observer interface {
	// Items counts n more items of an outcome.
	Items(outcome Outcome, n int)
}

// Rooms are whom the service asks.
type Rooms struct {
	Faces    Faces
	Jobs     Jobs
	Events   Events
	Observer Observer
	Log      zerolog.Logger
}

// Service is durable imports: what they are made from is kept in the database until
// they are done, by whichever process, and erased then. It is safe for concurrent use.
type Service struct {
	cfg   ServiceConfig
	db    store.DB
	rooms Rooms
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the room's tables in the database, which must be done before they are
// used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "imports", migrations)
}

// NewService returns the service of the database, whose jobs it handles.
func NewService(cfg ServiceConfig, db store.DB, rooms Rooms) *Service {
	s := &Service{cfg, db, rooms}
	const places, attempts = 2, 1000
	rooms.Jobs.Handle(Kind, job.Kind{Do: s.do, Places: places, PerGroup: 1, Attempts: attempts, Keep: cfg.Keep})
	return s
}

// New says what to import.
type New struct {
	Gallery string
	// Format is FormatZIP or FormatLines.
	Format string
	// SubjectFrom and MakeIDs are as for NewNaming.
	SubjectFrom string
	MakeIDs     bool
	// Existing is what to do with people who are there; empty is ExistingAdd.
	Existing string
	// Detail replaces the gallery's unless it is empty.
	Detail string
}

// Import is what is known of one.
type Import struct {
	ID string
	New
	CreatedAt time.Time
	// Job is empty until the import is started.
	Job   job.ID
	State job.State
	Counts
	by store.Actor
}

// Counts are how many items came to what.
type Counts struct {
	Added   int64 `json:"added"`
	Present int64 `json:"present"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`
}

// check is ErrInvalid of what cannot be done.
func (n New) check() error {
	if n.Format != FormatZIP && n.Format != FormatLines {
		return refusedArgument("format", "must be zip or ndjson")
	}
	if _, err := NewNaming(n.SubjectFrom, n.MakeIDs); err != nil {
		return refusedArgument("subject_from", "must be folder, first, parent, file or a /pattern/ with a group")
	}
	switch n.Existing {
	case "", ExistingAdd, ExistingSkip, ExistingRefuse:
	default:
		return refusedArgument("existing", "must be add, skip or refuse")
	}
	switch n.Detail {
	case "", store.DetailFast, store.DetailFull:
	default:
		return refusedArgument("detail", "must be fast or full")
	}
	return nil
}

// Create makes an import, to which parts are then put. ErrTooMany when the tenant has
// as many that are not done as it may.
func (s *Service) Create(ctx context.Context, by store.Actor, n New) (Import, error) {
	if err := n.check(); err != nil {
		return Import{}, err
	}
	if _, err := s.rooms.Faces.Gallery(ctx, by, n.Gallery); err != nil {
		return Import{}, err
	}
	if n.Existing == "" {
		n.Existing = ExistingAdd
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Import{}, fmt.Errorf("name import: %w", err)
	}
	i := Import{ID: id.String(), New: n, by: by}
	err = s.db.Update(ctx, "make an import", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		i.CreatedAt = now
		open, err := store.OneOf(tx, scanNumber, `SELECT count(*) FROM imports WHERE tenant = $1 AND (job IS NULL OR held > 0)`, by.Tenant)
		if err != nil {
			return err
		}
		if open >= int64(s.cfg.Open) {
			return fmt.Errorf("%w: %d are not done", ErrTooMany, open)
		}
		_, err = tx.Exec(`INSERT INTO imports (id, tenant, actor, request, gallery, format, subject_from, make_ids, existing, detail, held, created_at, erase_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12)`, i.ID, by.Tenant, by.Key, by.Request, n.Gallery, n.Format, n.SubjectFrom, n.MakeIDs,
			n.Existing, n.Detail, now, now.Add(s.cfg.Unstarted))
		return err
	})
	return i, err
}

func scanNumber(row store.Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}

const importColumns = `SELECT id, tenant, actor, request, gallery, format, subject_from, make_ids, existing, detail, coalesce(job, ''), created_at FROM imports `

func scanImport(row store.Row) (i Import, err error) {
	err = row.Scan(&i.ID, &i.by.Tenant, &i.by.Key, &i.by.Request, &i.Gallery, &i.Format, &i.SubjectFrom, &i.MakeIDs, &i.Existing, &i.Detail, &i.Job, &i.CreatedAt)
	return i, err
}

// find is the tenant's import of that id, or store.ErrNotFound.
func (s *Service) find(ctx context.Context, by store.Actor, id string) (Import, error) {
	i, err := store.One(ctx, s.db, "read an import", scanImport, importColumns+`WHERE id = $1 AND tenant = $2`, id, by.Tenant)
	return i, absent(id, err)
}

// absent says what there is none of.
func absent(id string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return &identify.ResourceError{Kind: "import", Name: id, Err: err}
	}
	return err
}

// Import is what is known of the tenant's import, or store.ErrNotFound.
func (s *Service) Import(ctx context.Context, by store.Actor, id string) (Import, error) {
	i, err := s.find(ctx, by, id)
	if err != nil {
		return i, err
	}
	return s.full(ctx, i)
}

// full adds how far an import has come.
func (s *Service) full(ctx context.Context, i Import) (_ Import, err error) {
	if i.Job != "" {
		i.State, err = s.rooms.Jobs.Get(ctx, i.by.Tenant, i.Job)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return i, err
		}
	}
	i.Counts, err = s.counts(ctx, i.ID)
	return i, err
}

func (s *Service) counts(ctx context.Context, id string) (c Counts, err error) {
	err = s.db.Read(ctx, "count what came of an import", func(r store.Reader) error {
		c = Counts{}
		return r.Each(func(row store.Row) error {
			var outcome Outcome
			var n int64
			if err := row.Scan(&outcome, &n); err != nil {
				return err
			}
			switch outcome {
			case Added:
				c.Added = n
			case Present:
				c.Present = n
			case Skipped:
				c.Skipped = n
			case Refused:
				c.Refused = n
			}
			return nil
		}, `SELECT outcome, count(*) FROM import_items WHERE import = $1 GROUP BY outcome`, id)
	})
	return c, err
}

// Imports lists the tenant's, the newest first.
func (s *Service) Imports(ctx context.Context, by store.Actor, p store.Page) ([]Import, error) {
	args := []any{by.Tenant, p.Limit}
	after := ``
	if p.After != "" {
		after, args = ` AND id < $3`, append(args, p.After)
	}
	all, err := store.List(ctx, s.db, "list imports", scanImport, importColumns+`WHERE tenant = $1`+after+` ORDER BY id DESC LIMIT $2`, args...)
	for n := 0; n < len(all) && err == nil; n++ {
		all[n], err = s.full(ctx, all[n])
	}
	return all, err
}

// OfJobs names the imports that jobs of the tenant's do.
func (s *Service) OfJobs(ctx context.Context, by store.Actor, jobs []job.ID) (map[job.ID]string, error) {
	args, places := []any{by.Tenant}, make([]string, len(jobs))
	for i, id := range jobs {
		args = append(args, id)
		places[i] = "$" + strconv.Itoa(len(args))
	}
	of := make(map[job.ID]string, len(jobs))
	if len(jobs) == 0 {
		return of, nil
	}
	err := s.db.Read(ctx, "name jobs' imports", func(r store.Reader) error {
		return r.Each(func(row store.Row) error {
			var id string
			var does job.ID
			err := row.Scan(&id, &does)
			of[does] = id
			return err
		}, `SELECT id, job FROM imports WHERE tenant = $1 AND job IN (`+strings.Join(places, ", ")+`)`, args...)
	})
	return of, err
}

// ItemResult is what came of an item of an import.
type ItemResult struct {
	// N counts the items in the source's order, from 0.
	N       int64
	Ref     string
	Subject store.SubjectID
	Outcome Outcome
	// Face is the one that was added.
	Face store.FaceID
	Refusal
}

// Items lists what came of the import's items so far, after the one of that number, of
// one outcome or, where that is empty, all.
func (s *Service) Items(ctx context.Context, by store.Actor, id string, outcome Outcome, after int64, limit int) ([]ItemResult, error) {
	if _, err := s.find(ctx, by, id); err != nil {
		return nil, err
	}
	return store.List(ctx, s.db, "list what came of an import", func(row store.Row) (r ItemResult, err error) {
		err = row.Scan(&r.N, &r.Ref, &r.Subject, &r.Outcome, &r.Face, &r.Code, &r.Message, &r.Advice)
		return r, err
	}, `SELECT n, ref, subject, outcome, face, code, message, advice FROM import_items
		WHERE import = $1 AND n > $2 AND ($3 = '' OR outcome = $3) ORDER BY n LIMIT $4`, id, after, outcome, limit)
}

// Start begins the import; one that is started already goes on as it is. ErrEmpty
// where it has no parts, and ErrParts where one is missing.
func (s *Service) Start(ctx context.Context, by store.Actor, id string) (Import, error) {
	err := s.db.Update(ctx, "start an import", func(tx store.Tx) error {
		i, err := store.OneOf(tx, scanImport, importColumns+`WHERE id = $1 AND tenant = $2`, id, by.Tenant)
		if err != nil || i.Job != "" {
			return err
		}
		var parts, last int64
		if err := tx.Each(func(row store.Row) error { return row.Scan(&parts, &last) },
			`SELECT count(DISTINCT part), coalesce(max(part), 0) FROM import_chunks WHERE import = $1`, id); err != nil {
			return err
		}
		switch {
		case parts == 0:
			return ErrEmpty
		case parts < last:
			return fmt.Errorf("%w: %d of %d are there", ErrParts, parts, last)
		}
		jobID, err := s.rooms.Jobs.Add(tx, job.New{Tenant: by.Tenant, Kind: Kind, Input: []byte(id), Group: string(by.Tenant), Within: s.cfg.Within})
		if err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE imports SET job = $2, erase_at = $3 WHERE id = $1`, id, jobID, now.Add(s.cfg.Within+s.cfg.Keep)); err != nil {
			return err
		}
		return audit.By(by, audit.ImportStarted, i.Gallery+"/"+id).Record(tx)
	})
	if err != nil {
		return Import{}, absent(id, err)
	}
	return s.Import(ctx, by, id)
}

// Cancel ends an import that is not done, and erases what it is made from and all that
// is known of it. What was enrolled stays.
func (s *Service) Cancel(ctx context.Context, by store.Actor, id string) error {
	i, err := s.find(ctx, by, id)
	if err != nil {
		return err
	}
	if i.Job != "" {
		if _, err := s.rooms.Jobs.Cancel(ctx, by.Tenant, i.Job); err != nil && !errors.Is(err, job.ErrEnded) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if err := s.erase(ctx, id); err != nil {
		return err
	}
	return audit.Removing(audit.By(by, audit.ImportCancelled, i.Gallery+"/"+id), func(also ...func(store.Tx) error) error {
		return s.db.Remove(ctx, "remove an import", func(tx store.Tx) error {
			if _, err := tx.Exec(`DELETE FROM imports WHERE id = $1`, id); err != nil {
				return err
			}
			return store.Run(tx, also)
		})
	})
}
