package kyc

// EventType is one that receivers may ask to be told of.
type EventType struct{ Name, Means string }

// The types of events.
const (
	AttemptCreated = "attempt.created"
	AttemptChanged = "attempt.status_changed"
	UserCreated    = "user.created"
	UserDeleted    = "user.deleted"
)

// EventTypes are all of them.
func EventTypes() []EventType {
	return []EventType{
		{AttemptCreated, "a session was opened, and with it an attempt, which is PENDING"},
		{AttemptChanged, "an attempt has another status: its session was closed, or it was reviewed"},
		{UserCreated, "a user was registered from an attempt"},
		{UserDeleted, "a user was deleted, with the face and all that was kept of the attempts"},
	}
}
