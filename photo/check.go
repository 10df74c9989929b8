package photo

// Check is something that Embed does only when it is asked to.
type Check int

const (
	// CheckLiveness judges whether each face is of a person before the camera.
	CheckLiveness Check = iota + 1
	// CheckSmall also looks for faces that are too small to be seen in the whole
	// photo, part by part, and for heads that lean too far, from both sides.
	CheckSmall
)
