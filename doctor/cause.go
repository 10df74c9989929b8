package doctor

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"oneton/config"
	"oneton/embed/pack"
	"oneton/index/exact"
	"oneton/index/qdrant"
	"oneton/node"
	"oneton/onnx"
	"oneton/search"
	"oneton/secret"
	"oneton/setup"
	"oneton/store"
	"oneton/store/postgres"
)

// Cause is the stable name of what is wrong.
type Cause string

// The causes that are known.
const (
	SettingsWrong     Cause = "settings_wrong"
	LibraryMissing    Cause = "library_missing"
	LibraryWrongHash  Cause = "library_wrong_hash"
	LibraryUnusable   Cause = "library_unusable"
	ModelsMissing     Cause = "models_missing"
	ModelsWrongHash   Cause = "models_wrong_hash"
	PackWrong         Cause = "pack_wrong"
	NoAVX2            Cause = "no_avx2"
	SIMDUnknown       Cause = "simd_unknown"
	FolderNotWritable Cause = "folder_not_writable"
	FolderHeld        Cause = "folder_held"
	DiskFull          Cause = "disk_full"
	ClockOff          Cause = "clock_off"
	PortTaken         Cause = "port_taken"
	AddressUnusable   Cause = "address_unusable"
	ServerNotReady    Cause = "server_not_ready"
	DatabaseAway      Cause = "database_away"
	DatabasePassword  Cause = "database_password"
	DatabaseUnknown   Cause = "database_unknown"
	DatabaseTLS       Cause = "database_tls"
	DatabaseUnfit     Cause = "database_unfit"
	DatabaseNewer     Cause = "database_newer"
	DatabaseDamaged   Cause = "database_damaged"
	SecretMissing     Cause = "secret_missing"
	SecretWrong       Cause = "secret_wrong"
	SecretUnusable    Cause = "secret_unusable"
	IndexAhead        Cause = "index_ahead"
	IndexDamaged      Cause = "index_damaged"
	QdrantAway        Cause = "qdrant_away"
	QdrantKey         Cause = "qdrant_key"
	QdrantTLS         Cause = "qdrant_tls"
	RecallNotAccepted Cause = "recall_not_accepted"
	Unknown           Cause = "unknown"
)

// known is what is known of a cause: how its errors are told, and what to do where
// they do not say so themselves.
type known struct {
	cause Cause
	of    func(error) bool
	do    string
}

// causes are in the order in which they are asked: what is more particular first.
func causes() []known {
	return []known{
		{SettingsWrong, is[*config.Error], "Correct the setting; docs/settings.md has all"},
		{LibraryMissing, file(setup.Runtime, setup.ErrMissing), ""},
		{LibraryWrongHash, file(setup.Runtime, setup.ErrHash), ""},
		{ModelsMissing, anyOf(setup.ErrMissing, pack.ErrMissing), ""},
		{ModelsWrongHash, anyOf(setup.ErrHash, pack.ErrHash), ""},
		{LibraryUnusable, anyOf(onnx.ErrLibrary, onnx.ErrTelemetry, setup.ErrPlatform), "Run 'oneton setup', or name a library of this platform by onnxruntime"},
		{PackWrong, anyOf(pack.ErrUnknown, pack.ErrManifest, pack.ErrVersion, onnx.ErrModel), "Correct packs, or the manifest that it names"},
		{SIMDUnknown, anyOf(search.ErrConfig), "Unset ONETON_SIMD, or name instructions that this processor has"},
		{NoAVX2, anyOf(errNoAVX2), "Scans are several times slower: move to a processor with AVX2, or let the virtual machine pass the host's on"},
		{FolderHeld, anyOf(exact.ErrLocked, errHeld), "Stop that process, give this one a folder of its own by data, or set store.driver to postgres, which several servers share"},
		{DiskFull, anyOf(store.ErrFull, syscall.ENOSPC, syscall.EDQUOT, errNoRoom), "Make room on the disk of the data folder: until then people can be searched and removed, and nothing can be added"},
		{DatabaseNewer, anyOf(store.ErrNewerSchema), "Run the newer version of oneton, or restore the backup from before its first start"},
		{DatabaseDamaged, anyOf(store.ErrDamaged), "Restore a backup, or see what is damaged by 'oneton index verify'"},
		{DatabasePassword, anyOf(postgres.ErrCredentials), "Correct user and password in store.url, or pg_hba.conf on the server"},
		{DatabaseUnknown, anyOf(postgres.ErrNoDatabase), "Correct the database's name in store.url, or create it: CREATE DATABASE … ENCODING 'UTF8'"},
		{DatabaseTLS, anyOf(postgres.ErrTLS), "Correct sslmode and sslrootcert in store.url, or the server's certificate"},
		{DatabaseUnfit, anyOf(postgres.ErrServer), "Use PostgreSQL 13 or newer and a database in UTF-8"},
		{DatabaseAway, anyOf(postgres.ErrAway), "Start PostgreSQL, or correct host and port in store.url"},
		{SecretMissing, anyOf(secret.ErrMissing), ""},
		{SecretWrong, anyOf(secret.ErrOther), ""},
		{SecretUnusable, anyOf(secret.ErrFile), "Copy the secret from another server or a backup"},
		{IndexAhead, anyOf(errAhead), "After a restored backup that is right: the next start builds the index anew, as 'oneton index rebuild' does; else data or store.url names the wrong database"},
		{IndexDamaged, exact.Damaged, "The next start builds it anew from the database; look at the disk"},
		{QdrantKey, anyOf(qdrant.ErrKey), "Correct index.qdrant.api_key or index.qdrant.api_key_file"},
		{QdrantTLS, anyOf(qdrant.ErrTLS), "Correct index.qdrant.tls and index.qdrant.ca, or Qdrant's certificate"},
		{QdrantAway, anyOf(qdrant.ErrAway), "Start Qdrant, or correct index.qdrant.address, which is that of gRPC"},
		{RecallNotAccepted, anyOf(qdrant.ErrNotAccepted), ""},
		{ClockOff, anyOf(node.ErrClock, node.ErrClockAhead), "Set the clock by a time service; where it is right, 'oneton retention accept' says so to retention"},
		{PortTaken, anyOf(syscall.EADDRINUSE), "Stop what listens there, or set listen to another port"},
		{ServerNotReady, anyOf(errNotReady), "See the other findings and the server's log"},
		{AddressUnusable, is[*net.OpError], "Set listen to an address of this machine and a port that this user may have"},
		{FolderNotWritable, anyOf(fs.ErrPermission, syscall.EROFS, syscall.ENOTDIR), "Give the user that runs oneton the folder, or name another by data"},
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func anyOf(targets ...error) func(error) bool {
	return func(err error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

// file is of set-up's errors of a group.
func file(group setup.Group, target error) func(error) bool {
	return func(err error) bool {
		f, ok := errors.AsType[*setup.FileError](err)
		return ok && f.Group == group && errors.Is(err, target)
	}
}

// causeOf is the cause of an error, and what to do.
func causeOf(err error) (c Cause, do string) {
	for _, k := range causes() {
		if k.of(err) {
			return k.cause, k.do
		}
	}
	return Unknown, ""
}

// Known lists the causes that have a name, with what to do about each; empty where
// the finding itself says so.
func Known() (all []Cause, do map[Cause]string) {
	do = map[Cause]string{}
	for _, k := range causes() {
		all = append(all, k.cause)
		do[k.cause] = k.do
	}
	return all, do
}

// title is the cause as a sentence begins.
func (c Cause) title() string { return strings.ReplaceAll(string(c), "_", " ") }

// refusal is an error with its cause and what to do, in one line.
type refusal struct {
	says string
	err  error
}

func (r *refusal) Error() string { return r.says }

func (r *refusal) Unwrap() error { return r.err }

// Diagnose is err as a finding says it where its cause is known, and else err.
func Diagnose(err error) error {
	if err == nil {
		return nil
	}
	if c, _ := causeOf(err); c == Unknown {
		return err
	}
	return &refusal{finding("", "", err).String(), err}
}
