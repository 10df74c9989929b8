package facesession

// Completed is the type of the event that a session ended with a result, which is its
// data, and CompletedMeans says so.
const (
	Completed      = "face_session.completed"
	CompletedMeans = "a face session ended with a result, which is `jwsResult`: a match, or a failure where the client wants to know of those"
)
