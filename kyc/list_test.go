package kyc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/kyc"
	"oneton/store"
	"oneton/store/storetest"
)

// Attempts are listed the newest first, in pages, of one tenant, and by what they are.
func TestAttempts(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		var made []string
		for i := range 5 {
			kind := kyc.Kinds()[i%2]
			made = append([]string{r.open(t, kind).ID}, made...)
			r.wait(2 * time.Second) // ids rise with the seconds
		}
		_, err := r.OpenSession(ctx, store.Actor{Tenant: other, Key: store.KeyID("key of " + other)}, kyc.Signup)
		require.NoError(t, err)
		list := func(q kyc.Query) (ids []string) {
			t.Helper()
			all, err := r.Attempts(ctx, by, q)
			require.NoError(t, err)
			for _, a := range all {
				ids = append(ids, a.ID)
			}
			return ids
		}
		require.Equal(t, made, list(kyc.Query{Limit: 10}))
		require.Equal(t, made[:2], list(kyc.Query{Limit: 2}))
		require.Equal(t, made[2:4], list(kyc.Query{Limit: 2, After: made[1]}))
		require.Equal(t, []string{made[0], made[2], made[4]}, list(kyc.Query{Kind: kyc.Signup, Limit: 10}))
		require.Equal(t, []string{made[1]}, list(kyc.Query{Kind: kyc.Validation, Limit: 1}))
		require.Empty(t, list(kyc.Query{Limit: 0}))
		require.Empty(t, list(kyc.Query{Status: kyc.InReview, Limit: 10}))
		require.Equal(t, made, list(kyc.Query{Status: kyc.Pending, Limit: 10}))

		u := r.user(t, "ana", "001")
		require.Equal(t, []string{u.Attempt}, list(kyc.Query{Status: kyc.Success, Limit: 10}))
		whole, err := r.Attempt(ctx, by, u.Attempt)
		require.NoError(t, err)
		require.Equal(t, u.ID, whole.User)
		require.Equal(t, "kyc-users", whole.Gallery)
		require.JSONEq(t, `{"plan":"gold"}`, string(whole.Metadata))
		all, err := r.Attempts(ctx, by, kyc.Query{Status: kyc.Success, Limit: 10})
		require.NoError(t, err)
		require.Equal(t, u.ID, all[0].User)
		whole, err = r.Attempt(ctx, by, made[0])
		require.NoError(t, err)
		require.JSONEq(t, `{}`, string(whole.Metadata))
	})
}
