package face

// Quality says how well a photo shows a face, for gates and for reports.
// A zero Quality means that nothing was measured.
type Quality struct {
	// Score predicts recognition, in [0, 1]: about the probability that the
	// face matches a good photo of the same person at an FMR of 1e-4.
	Score float32 `json:"score"`
	// InterEye is the distance between the eyes in pixels of the photo.
	InterEye float32 `json:"inter_eye"`
	// Sharpness is the variance of the Laplacian of the aligned crop's
	// luminance, in squared grey levels.
	Sharpness float32 `json:"sharpness"`
	// Brightness is the mean luminance of the aligned crop, in [0, 255].
	Brightness float32 `json:"brightness"`
	// Contrast is the standard deviation of the aligned crop's luminance.
	Contrast float32 `json:"contrast"`
	// Yaw, Pitch and Roll are estimated from the landmarks, in degrees.
	Yaw   float32 `json:"yaw"`
	Pitch float32 `json:"pitch"`
	Roll  float32 `json:"roll"`
	// Reasons names what is wrong, from the list in the API guide; empty
	// means that nothing is.
	Reasons []string `json:"reasons,omitempty"`
}
