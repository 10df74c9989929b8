package twoface

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strconv"
	"time"

	"oneton/store"
)

// links signs addresses of photos, so that whoever an owner gives one to needs no
// key for it until it ends.
type links struct {
	// keys verify, and the first of them signs.
	keys  [][]byte
	lasts time.Duration
	now   func() time.Time
}

// The parameters of an address.
const (
	paramTenant    = "tenant"
	paramExpires   = "expires"
	paramSignature = "signature"
)

// query is what makes the path of a tenant's photo an address that ends.
func (l links) query(tenant store.TenantID, photo string) string {
	expires := strconv.FormatInt(l.now().Add(l.lasts).Unix(), 10)
	return url.Values{
		paramTenant:    {string(tenant)},
		paramExpires:   {expires},
		paramSignature: {signature(l.keys[0], string(tenant), photo, expires)},
	}.Encode()
}

// holds tells whether an address was made here, for the tenant's photo, and has not
// ended. How long it takes does not tell why it does not hold.
func (l links) holds(tenant, photo, expires, signed string) bool {
	end, err := strconv.ParseInt(expires, 10, 64)
	made := false
	for _, key := range l.keys {
		made = hmac.Equal([]byte(signature(key, tenant, photo, expires)), []byte(signed)) || made
	}
	return err == nil && made && l.now().Unix() < end
}

// signature is the MAC of an address: each part behind its length, so that none can
// be taken for the end of another.
func signature(key []byte, parts ...string) string {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		_ = binary.Write(mac, binary.BigEndian, uint64(len(part))) // a hash takes all
		mac.Write([]byte(part))
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
