package picture

// withoutFill is a JPEG or PNG without what a download that stopped leaves where
// the file's whole length was set aside before: one byte over and over, which
// decoders take for data of the image. Behind a file's end it is padding.
func withoutFill(data []byte) []byte {
	// Fewer are hardly worth setting aside, and stand for less than a row of units.
	const least = 64
	end := len(data)
	for end > 0 && data[end-1] == data[len(data)-1] {
		end--
	}
	if len(data)-end < least {
		return data
	}
	return data[:end]
}
