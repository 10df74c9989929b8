package store

import "time"

// Ended is a subject whose end has come.
type Ended struct {
	Tenant TenantID
	// Gallery is the gallery's id, and Name its owner's name of it.
	Gallery GalleryID
	Name    string
	Subject SubjectID
	At      time.Time
}
