// Package storetest is the conformance suite of the truth: every store passes
// it unchanged.
package storetest

import (
	"context"
	"testing"
	"time"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// Store is everything that the rooms ask of a store together.
type Store interface {
	changelog.Log
	store.DB

	CreateTenant(ctx context.Context, t store.Tenant) error
	Tenant(ctx context.Context, id store.TenantID) (store.Tenant, error)
	Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error)
	DeleteTenant(ctx context.Context, id store.TenantID) (uint64, error)

	CreateKey(ctx context.Context, k store.Key) error
	Key(ctx context.Context, id store.KeyID) (store.Key, error)
	Keys(ctx context.Context, tenant store.TenantID) ([]store.Key, error)
	RevokeKey(ctx context.Context, tenant store.TenantID, id store.KeyID) error

	CreateGallery(ctx context.Context, g store.Gallery) error
	Gallery(ctx context.Context, tenant store.TenantID, name string) (store.Gallery, error)
	Galleries(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Gallery, error)
	UpdatePolicy(ctx context.Context, tenant store.TenantID, name string, change func(store.Gallery) (store.Policy, error)) (store.Gallery, error)
	DeleteGallery(ctx context.Context, tenant store.TenantID, name string) (uint64, error)

	Enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool) (uint64, error)
	EnrolAsOf(ctx context.Context, seen uint64, same func(face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error)
	Subject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (store.Subject, error)
	Subjects(ctx context.Context, gallery store.GalleryID, p store.Page) ([]store.Subject, error)
	SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error)
	UpdateMetadata(ctx context.Context, gallery store.GalleryID, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (uint64, error)

	Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error)
	DeleteFace(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID) (uint64, error)
	Photo(ctx context.Context, gallery store.GalleryID, face store.FaceID) (store.Photo, error)
	DeletePhotos(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) error
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
	CompactLog(ctx context.Context) (int, error)
	Expired(ctx context.Context, now time.Time) ([]store.Expired, error)
	Damaged(ctx context.Context) ([]store.Damaged, error)

	Space(ctx context.Context, pack string) (store.Space, error)
	PutSpace(ctx context.Context, s store.Space) error
	Spaces(ctx context.Context) (map[string]int, error)
	FacesIn(ctx context.Context, space string, after uint64, limit int) ([]store.Face, uint64, error)
	ReplaceFaces(ctx context.Context, was string, faces []store.Face) (int, uint64, error)

	Calibration(ctx context.Context, pack string) ([]byte, error)
	PutCalibration(ctx context.Context, pack string, definition []byte) error
	DeleteCalibration(ctx context.Context, pack string) error

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
		"subjects of faces":      testSubjectsOf,
		"faces":                  testFaces,
		"photos":                 testPhotos,
		"retention":              testRetention,
		"calibrations":           testCalibrations,
		"spaces":                 testSpaces,
		"replaced faces":         testReplacedFaces,
		"replaced beside others": testReplacedBesideOthers,
		"tables of rooms":        testTables,
		"isolation":              testIsolation,
		"pages":                  testPages,
		"hostile text":           testHostileText,
		"unkeepable text":        testUnkeepableText,
		"bounds":                 testBounds,
		"log":                    testLog,
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

// opened is a handle that the test closes.
func opened(t *testing.T, open Open) Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}
