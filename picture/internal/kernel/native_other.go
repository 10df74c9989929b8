//go:build noasm || !amd64

package kernel

const useAVX2 = false

func transformAVX2(*uint8, int, *int32)                          {}
func transformLowAVX2(*uint8, int, *int32)                       {}
func blendAVX2(*float32, int, *uint8, int, *float32, int)        {}
func convertAVX2(_, _, _ *float32, _ int, _ *float32)            {}
func combineAVX2(*float32, int, *float32, *int32, *float32, int) {}
