package photo

// Verdict is what the liveness check says of a face.
type Verdict string

// The three verdicts.
const (
	Real    Verdict = "real"
	Spoof   Verdict = "spoof"
	Unknown Verdict = "unknown"
)

// Reasons why a face's liveness is unknown.
const (
	// ReasonNoModel means that the pack has no liveness model, or that its
	// file is not installed.
	ReasonNoModel = "no_model"
	// ReasonFaceSmall means that the face has fewer pixels than the model
	// needs.
	ReasonFaceSmall = "face_small"
	// ReasonCutOff means that the photo shows too little around the face.
	ReasonCutOff = "cut_off"
	// ReasonUncertain means that the score lies between the thresholds.
	ReasonUncertain = "uncertain"
	// ReasonFailed means that the model gave no answer.
	ReasonFailed = "failed"
)

// Liveness is the passive liveness check's opinion of a face, from one photo.
type Liveness struct {
	Verdict Verdict
	// Score is the model's probability, in [0, 1], that the face is real; nil
	// when it was not asked.
	Score *float64
	// Reason says why the verdict is Unknown.
	Reason string
}
