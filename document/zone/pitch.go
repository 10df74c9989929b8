package zone

import "math"

// The limits by which rows are printed at one pitch, as a zone's characters are and
// those of other text are not.
const (
	// window is over how many characters the pitch is the same; a photo from one side
	// draws it out along the line.
	window = 8
	// fine is the step between pitches that are tried, as a share of that which a
	// line's length makes; shortest and longest are the ends in such steps, since a
	// line may seem longer than it is; and drawn is by how many steps windows differ.
	fine     = 0.02
	shortest = -8
	longest  = 4
	drawn    = 2
	// even is the least mean share of the windows' contrast that has the pitch. Zones
	// have 0.40 and more, and other text is rarely as even (docs/adr/0030).
	even = 0.26
	// narrow is the least pitch in heights of a row, and apart the greatest distance of
	// rows in pitches: zones that lie flat have 0.62 and more, and 2.5.
	narrow = 0.45
	apart  = 3.4
)

// pitched says whether rows are printed at the pitch of a zone's lines.
func (r raster) pitched(run []row) bool {
	from, to := ends(run)
	x, last := (from+to)/2, len(run)-1
	distance, height := (run[last].at(x)-run[0].at(x))/r.scale/float64(last), meanHeight(run)/r.scale
	lengths := []int{36, 44}
	if len(run) == 3 {
		lengths = []int{30}
	}
	for _, n := range lengths {
		pitch := (to - from) / r.scale / float64(n)
		size := int(math.Round(window * pitch))
		if size < 2 {
			return false
		}
		var sums [longest - shortest + 1]float64
		windows := 0
		for _, row := range run {
			signal := r.brightness(row)
			for at := 0; at+size <= len(signal); at += size / 2 {
				var shares [len(sums) + 2*drawn]float64
				for k := range shares {
					shares[k] = share(signal[at:at+size], pitch*(1+fine*float64(shortest-drawn+k)))
				}
				for k := range sums {
					most := 0.0
					for _, v := range shares[k : k+2*drawn+1] {
						most = max(most, v)
					}
					sums[k] += most
				}
				windows++
			}
		}
		for k, sum := range sums {
			tried := pitch * (1 + fine*float64(shortest+k))
			if windows > 0 && sum >= even*float64(windows) && tried >= narrow*height && distance <= apart*tried {
				return true
			}
		}
	}
	return false
}

func meanHeight(run []row) float64 {
	sum := 0.0
	for _, row := range run {
		sum += row.height
	}
	return sum / float64(len(run))
}

// brightness is how bright each column of a row is, in shares of what is near it.
func (r raster) brightness(one row) []float64 {
	middle := (one.middle - r.across + float64(one.slope*r.along)) / r.scale
	from, to := max(int((one.from-r.along)/r.scale), 0), min(int((one.to-r.along)/r.scale), r.width)
	half := int(one.height / r.scale / grown / 2)
	signal := make([]float64, max(to-from, 0))
	for x := range signal {
		centre := int(math.Round(middle + float64(one.slope*float64(from+x))))
		for y := max(0, centre-half); y <= min(r.height-1, centre+half); y++ {
			signal[x] += math.Log(dim + float64(r.grey[y*r.width+from+x]))
		}
	}
	for i, mean := range smooth(signal, tall) {
		signal[i] -= mean
	}
	return signal
}

// share is how much of a signal's power has the period, seen through Hann's window.
func share(signal []float64, period float64) float64 {
	var along, across, all float64
	n := float64(len(signal))
	for i, v := range signal {
		w := math.Sin(math.Pi * (float64(i) + 0.5) / n)
		v *= w
		all += float64(v * v)
		v *= w
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / period)
		along += float64(v * cos)
		across += float64(v * sin)
	}
	if all == 0 {
		return 0
	}
	return (float64(along*along) + float64(across*across)) / (all * n / 4)
}
