package pool

import "context"

type tenantKey struct{}

// WithTenant is a context whose work is the tenant's. Tenants share workers and
// queue fairly, however much work one of them sends and however long it takes.
// Work without a tenant shares as one.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// TenantOf is whose work the context's is; empty when nobody said.
func TenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}
