// Package storetest is the conformance suite of the truth: every store passes
// it unchanged.
package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/changelog"
	"oneton/face"
	"oneton/identify"
	"oneton/store"
)

// Store is everything that the rooms ask of a store together.
type Store interface {
	changelog.Log
	store.DB

	CreateTenant(ctx context.Context, t store.Tenant, also ...func(store.Tx) error) error
	Tenant(ctx context.Context, id store.TenantID) (store.Tenant, error)
	Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error)
	DeleteTenant(ctx context.Context, id store.TenantID, also ...func(store.Tx) error) (uint64, error)

	CreateGallery(ctx context.Context, g store.Gallery, also ...func(store.Tx) error) error
	Gallery(ctx context.Context, tenant store.TenantID, name string) (store.Gallery, error)
	Galleries(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Gallery, error)
	UpdatePolicy(ctx context.Context, tenant store.TenantID, name string, change func(store.Gallery) (store.Policy, error), also ...func(store.Tx) error) (store.Gallery, error)
	DeleteGallery(ctx context.Context, tenant store.TenantID, name string, also ...func(store.Tx) error) (uint64, error)

	Enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, also ...func(store.Tx) error) (uint64, error)
	EnrolAsOf(ctx context.Context, seen uint64, same func(face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error)
	Subject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (store.Subject, error)
	Subjects(ctx context.Context, gallery store.GalleryID, p store.Page) ([]store.Subject, error)
	SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error)
	UpdateMetadata(ctx context.Context, gallery store.GalleryID, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, also ...func(store.Tx) error) (uint64, error)
	EndSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, after time.Duration, also ...func(store.Tx) error) (store.Subject, error)
	EndedSubjects(ctx context.Context, after store.Ended, limit int) ([]store.Ended, error)
	DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (uint64, error)
	Reassign(ctx context.Context, r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error), also ...func(store.Tx) error) (store.Subject, uint64, error)
	Counts(ctx context.Context, gallery store.GalleryID) (store.Counts, error)

	Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error)
	DeleteFace(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, also ...func(store.Tx) error) (uint64, error)
	SetAside(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, at time.Time, also ...func(store.Tx) error) (bool, uint64, error)
	Photo(ctx context.Context, gallery store.GalleryID, face store.FaceID) (store.Photo, error)
	DeletePhotos(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, also ...func(store.Tx) error) error
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
	CompactLog(ctx context.Context) (int, error)
	Expired(ctx context.Context, now time.Time) ([]store.Expired, error)
	Damaged(ctx context.Context) ([]store.Damaged, error)

	Space(ctx context.Context, pack string) (store.Space, error)
	PutSpace(ctx context.Context, s store.Space) error
	Spaces(ctx context.Context) (map[string]int, error)
	FacesIn(ctx context.Context, space string, after uint64, limit int) ([]store.Face, uint64, error)
	ReplaceFaces(ctx context.Context, was string, faces []store.Face) (int, uint64, error)

	PositionOf(ctx context.Context, gallery store.GalleryID) (uint64, error)

	Close() error
}

// Open opens one database, with what earlier handles of it wrote. Several
// handles may be open at once, as several processes would be.
type Open func(t *testing.T) Store

// Run runs the suite. Each call of create makes an empty database, whose
// handles the suite closes.
func Run(t *testing.T, create func(t *testing.T) Open) {
	tests := map[string]func(t *testing.T, open Open){
		"tenants":                testTenants,
		"deleted tenant":         testDeletedTenant,
		"keys":                   testKeys,
		"ending keys":            testEndingKeys,
		"galleries":              testGalleries,
		"policy changes":         testPolicyChanges,
		"policy changes at once": testPolicyChangesAtOnce,
		"deleted gallery":        testDeletedGallery,
		"enrol":                  testEnrol,
		"enrol matrix":           testEnrolMatrix,
		"failed enrolment":       testFailedEnrolment,
		"bad templates":          testBadTemplates,
		"enrol as of":            testEnrolAsOf,
		"newcomers":              testNewcomers,
		"insert once":            testInsertOnce,
		"insert beside others":   testInsertBesideOthers,
		"subjects":               testSubjects,
		"metadata changes":       testMetadataChanges,
		"reassigned faces":       testReassign,
		"rows of dropped":        testRowsOfDropped,
		"refused reassignments":  testRefusedReassignments,
		"reassigned newcomers":   testReassignedNewcomers,
		"ending subjects":        testEnding,
		"subjects of faces":      testSubjectsOf,
		"faces":                  testFaces,
		"faces aside":            testAside,
		"photos":                 testPhotos,
		"retention":              testRetention,
		"calibrations":           testCalibrations,
		"spaces":                 testSpaces,
		"replaced faces":         testReplacedFaces,
		"replaced beside others": testReplacedBesideOthers,
		"tables of rooms":        testTables,
		"time":                   testNow,
		"announcements":          testAnnouncements,
		"migrations of a room":   testMigrations,
		"part of a write":        testPartOfAWrite,
		"isolation":              testIsolation,
		"pages":                  testPages,
		"hostile text":           testHostileText,
		"unkeepable text":        testUnkeepableText,
		"bounds":                 testBounds,
		"log":                    testLog,
		"log is the callers":     testLogIsTheCallers,
		"log leaves out":         testLogLeavesOut,
		"log of a put again":     testLogAgain,
		"log compacted":          testLogCompacted,
		"log limits":             testLogLimits,
		"position of a gallery":  testPositionOf,
		"model":                  testModel,
		"concurrent enrolments":  testConcurrentEnrolments,
		"concurrent creation":    testConcurrentCreation,
		"cancellation":           testCancellation,
		"cancellation at random": testRandomCancellation,
		"reopening":              testReopening,
		"two handles":            testTwoHandles,
		"closed":                 testClosed,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { test(t, create(t)) })
	}
}

// truth is a handle with the tables that rooms keep in it.
type truth struct {
	Store
	access.KeyTable
	identify.Calibrations
}

// Damaged is everything that is.
func (s truth) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	for _, look := range []func(context.Context) ([]store.Damaged, error){s.Store.Damaged, s.KeyTable.Damaged, s.Calibrations.Damaged} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		damaged = append(damaged, found...)
	}
	return damaged, nil
}

// started is a handle as a process has it.
func started(t *testing.T, open Open) truth {
	t.Helper()
	s := open(t)
	all := truth{s, access.NewKeyTable(s), identify.NewCalibrations(s)}
	require.NoError(t, all.KeyTable.FillChecksums(t.Context()))
	require.NoError(t, all.Calibrations.FillChecksums(t.Context()))
	return all
}

// opened is one that the test closes.
func opened(t *testing.T, open Open) truth {
	t.Helper()
	s := started(t, open)
	t.Cleanup(func() { _ = s.Close() })
	return s
}
