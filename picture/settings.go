package picture

import "oneton/setting"

// Settings are what an operator may set of them.
func (l *Limits) Settings() []setting.Setting {
	return []setting.Setting{
		{
			Key: "image.max_bytes", Value: &l.Bytes, Bytes: true, Means: "largest photo",
			Want: "1 KiB to 1 GiB", OK: l.Bytes >= 1<<10 && l.Bytes <= 1<<30,
		},
		{
			Key: "image.max_pixels", Value: &l.Pixels,
			Means: "most pixels of a photo, checked before it is decoded; [costly kinds](docs/operations.md#limits-and-sizing) may have fewer",
			Want:  "1,024 to 2^30", OK: l.Pixels >= 1<<10 && l.Pixels <= 1<<30,
		},
		{
			Key: "image.max_time", Value: &l.Time, Means: "longest time that decoding a photo may take",
			Want: "above 0", OK: l.Time > 0,
		},
	}
}
