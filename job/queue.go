package job

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"oneton/store"
)

// Queue is the queue of a database, as one process sees it. It is safe for
// concurrent use.
type Queue struct {
	cfg   Config
	db    store.DB
	log   zerolog.Logger
	kinds map[string]Kind
	lanes []*lane

	// woken asks for a look for work. added is set when some was added by this
	// process, which a look by the writer alone is sure to see.
	woken chan struct{}
	added atomic.Bool
	// announced asks for a look at what is waited for and worked at.
	announced chan struct{}

	mu      sync.Mutex
	sealed  bool
	running map[*run]struct{}
	waiting map[ID]map[chan struct{}]struct{}
}

// lane is what kinds share that are done in the same places.
type lane struct {
	name   string
	places int
	kinds  []string
}

// NewQueue is a queue in the database, whose tables Migrate has made.
func NewQueue(cfg Config, db store.DB, log zerolog.Logger) *Queue {
	cfg.Workers = cmp.Or(cfg.Workers, 2*runtime.GOMAXPROCS(0))
	if cfg.Now == nil {
		cfg.Now = func(database time.Time) time.Time { return database }
	}
	return &Queue{
		cfg: cfg, db: db, log: log, kinds: make(map[string]Kind),
		woken: make(chan struct{}, 1), announced: make(chan struct{}, 1),
		running: make(map[*run]struct{}), waiting: make(map[ID]map[chan struct{}]struct{}),
	}
}

//go:embed migrations/*.sql
var migrations embed.FS

// room is the name under which tables are kept and writes are announced.
const room = "job"

// Migrate makes the tables in the database, which must be done before they are used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, room, migrations)
}

// Handle lets jobs of a kind be added and done. All kinds are handled before Run; a
// second one of a name is a fault of the program, and panics.
func (q *Queue) Handle(kind string, k Kind) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, taken := q.kinds[kind]; taken || q.sealed || kind == "" || k.Do == nil {
		panic(fmt.Sprintf("job: kind %q is handled twice, too late or by nobody", kind))
	}
	k.Attempts = cmp.Or(k.Attempts, DefaultAttempts)
	k.Keep = cmp.Or(k.Keep, q.cfg.Keep)
	if k.Backoff == nil {
		k.Backoff = Backoff
	}
	q.kinds[kind] = k
}

// laneOf is the name of the places where a kind is done.
func laneOf(kind string, k Kind) string {
	if k.Places > 0 {
		return kind
	}
	return "" // that all share who compute
}

// laneOf is where a kind is done.
func (q *Queue) laneOf(kind string) *lane {
	name := laneOf(kind, q.kinds[kind])
	return q.lanes[slices.IndexFunc(q.lanes, func(l *lane) bool { return l.name == name })]
}

// seal fixes the kinds, and tells the lanes.
func (q *Queue) seal() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.sealed = true
	for kind, k := range q.kinds {
		name := laneOf(kind, k)
		at := slices.IndexFunc(q.lanes, func(l *lane) bool { return l.name == name })
		if at < 0 {
			at = len(q.lanes)
			q.lanes = append(q.lanes, &lane{name: name, places: cmp.Or(k.Places, q.cfg.Workers)})
		}
		q.lanes[at].kinds = append(q.lanes[at].kinds, kind)
	}
}

// now is the time that schedules go by.
func (q *Queue) now(r store.Reader) (time.Time, error) {
	now, err := r.Now()
	return q.cfg.Now(now).UTC().Truncate(time.Microsecond), err
}

// Wake has this process look for work at once.
func (q *Queue) Wake() { wake(q.woken) }

// wake lets who waits for the channel go on.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
