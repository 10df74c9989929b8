package audit

import (
	"context"
	"time"
)

// TrimTo is Trim with another number than Most.
func (t Deeds) TrimTo(ctx context.Context, now time.Time, most int64) (int64, error) {
	return t.trim(ctx, now, most)
}
