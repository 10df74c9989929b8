package search

// ranking keeps the k best hits it is given, of every group only the best
// when distinct. Better is a higher score, or a lower id at the same score.
type ranking struct {
	k        int
	distinct bool
	// heap has the worst hit first; at tells where a group's hit is.
	heap []Hit
	at   map[uint32]int
}

func (r *ranking) reset(k int, distinct bool) {
	r.k, r.distinct, r.heap = k, distinct, r.heap[:0]
	if distinct && r.at == nil {
		r.at = map[uint32]int{}
	}
	clear(r.at)
}

// full tells whether k hits are known, and the score of the worst of them.
func (r *ranking) full() (worst float64, ok bool) {
	if len(r.heap) < r.k {
		return 0, false
	}
	return r.heap[0].Score, true
}

func (r *ranking) add(h Hit) {
	if r.distinct {
		if i, ok := r.at[h.Group]; ok {
			if better(h, r.heap[i]) {
				r.heap[i] = h
				r.down(i)
			}
			return
		}
	}
	if len(r.heap) < r.k {
		r.heap = append(r.heap, h)
		r.place(len(r.heap)-1, h)
		r.up(len(r.heap) - 1)
		return
	}
	if better(h, r.heap[0]) {
		if r.distinct {
			delete(r.at, r.heap[0].Group)
		}
		r.place(0, h)
		r.down(0)
	}
}

func better(a, b Hit) bool {
	return a.Score > b.Score || a.Score == b.Score && a.ID < b.ID
}

func (r *ranking) place(i int, h Hit) {
	r.heap[i] = h
	if r.distinct {
		r.at[h.Group] = i
	}
}

func (r *ranking) swap(i, j int) {
	a, b := r.heap[i], r.heap[j]
	r.place(i, b)
	r.place(j, a)
}

func (r *ranking) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !better(r.heap[parent], r.heap[i]) {
			return
		}
		r.swap(i, parent)
		i = parent
	}
}

func (r *ranking) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(r.heap); child++ {
			if better(r.heap[worst], r.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		r.swap(i, worst)
		i = worst
	}
}
