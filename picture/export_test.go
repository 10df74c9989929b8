package picture

// Orientation is for tests.
var Orientation = orientation
