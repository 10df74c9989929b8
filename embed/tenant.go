package embed

import "context"

type tenantKey struct{}

// WithTenant is a context whose photos are the tenant's. Tenants share workers
// and queue fairly, however many photos one of them sends and however long those
// take. Photos without a tenant share as one.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return context.WithValue(ctx, tenantKey{}, tenant)
}

// TenantOf is whose photos the context's are; empty when nobody said.
func TenantOf(ctx context.Context) string {
	tenant, _ := ctx.Value(tenantKey{}).(string)
	return tenant
}
