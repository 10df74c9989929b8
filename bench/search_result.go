package main

// ourResult is what oneton's search does on one gallery. Times are of all
// cores, in milliseconds; of a batch, a probe's share.
type ourResult struct {
	Mated     latency `json:"one_mated_probe"`
	Strangers latency `json:"one_stranger"`
	// Decided is of mated probes, with the threshold of a decision.
	Decided latency `json:"one_mated_probe_with_threshold"`
	BatchMS float64 `json:"batch_ms_per_probe"`
	// GBPerSecond is the int8 codes compared a second, one stranger at a
	// time. Bandwidth is that of reading as many bytes and no more, measured
	// between these searches, and ShareOfBandwidth the ratio of the two; both
	// only of galleries that caches do not hold.
	GBPerSecond      float64 `json:"int8_gb_per_second"`
	Bandwidth        float64 `json:"read_bandwidth_gb_per_second,omitempty"`
	ShareOfBandwidth float64 `json:"share_of_read_bandwidth,omitempty"`
	// Rank1 is the share of mated probes whose mate is the first hit.
	Rank1 float64 `json:"rank1"`
	// Rescored are rows compared in float64 for a probe.
	RescoredMedian float64 `json:"rescored_median"`
	RescoredMax    float64 `json:"rescored_max"`
	// Checked is how many probes' answers were the same as brute force's, in
	// ids, order and scores: all, or the run fails.
	Checked  int              `json:"probes_checked_against_brute_force"`
	Filtered []filteredResult `json:"filtered"`
	Deleted  deletedResult    `json:"30_percent_deleted"`
	// Cold is a stranger's latency when the vectors, but not the codes, are
	// on the disk; all others are with them in the page cache.
	Cold latency `json:"one_stranger_vectors_on_disk"`

	InsertsPerSecond float64 `json:"inserts_per_second"`
	// HotBytes is what the set says, a row, and ResidentBytes what the
	// process grew by, both with vectors in files.
	HotBytes      float64 `json:"hot_bytes_per_row"`
	ResidentBytes float64 `json:"resident_bytes_per_row"`
	SaveSeconds   float64 `json:"save_seconds"`
	// RestartSeconds is from opening to the first answer, with the files in
	// the page cache, and RestartColdSeconds without.
	RestartSeconds     float64 `json:"restart_seconds"`
	RestartColdSeconds float64 `json:"restart_cold_seconds"`
}

// filteredResult is of searches with a filter, in turn with searches without.
type filteredResult struct {
	Share   float64 `json:"share_of_rows"`
	Single  latency `json:"one_stranger"`
	BatchMS float64 `json:"batch_ms_per_probe"`
	// SingleRatio and BatchRatio are the medians over those without filter.
	SingleRatio float64 `json:"one_stranger_over_all_rows"`
	BatchRatio  float64 `json:"batch_over_all_rows"`
}

// deletedResult is a stranger's latency before 30 % of the rows are deleted,
// in the second after, in which large galleries are being compacted, and when
// that is done.
type deletedResult struct {
	Before    latency `json:"one_stranger_before"`
	JustAfter latency `json:"one_stranger_just_after"`
	Compacted latency `json:"one_stranger_compacted"`
}
