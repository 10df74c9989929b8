package mrz

import (
	"fmt"
	"strings"
	"time"
)

// Date is a day of a document. What the document does not tell is 0.
type Date struct {
	Year, Month, Day int
}

// Known says whether the document tells the whole date.
func (d Date) Known() bool { return d.Year > 0 && d.Month > 0 && d.Day > 0 }

// String is the date as ISO 8601 has it, with unknown parts as X.
func (d Date) String() string {
	written := func(n int, format, unknown string) string {
		if n == 0 {
			return unknown
		}
		return fmt.Sprintf(format, n)
	}
	return written(d.Year, "%04d", "XXXX") + written(d.Month, "-%02d", "-XX") + written(d.Day, "-%02d", "-XX")
}

// zone is the date as six characters.
func (d Date) zone() string {
	var b strings.Builder
	for _, n := range []int{d.Year, d.Month, d.Day} {
		if n == 0 {
			b.WriteString("<<")
			continue
		}
		fmt.Fprintf(&b, "%02d", n%100)
	}
	return b.String()
}

// daysOf are the days of the months, February's in a leap year.
var daysOf = [13]int{31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// calendar says whether some year has the date that six characters tell, as far
// as they tell it.
func calendar(s string) bool {
	year, month, day := pair(s[0:]), pair(s[2:]), pair(s[4:])
	if year == mixed || month == mixed || day == mixed || month == 0 || day == 0 || month > 12 {
		return false
	}
	if month == unknown {
		return day == unknown || day <= 31
	}
	leap := year == unknown || year%4 == 0 // 1900 was none, and nobody born then travels
	return day == unknown || day <= daysOf[month] && (month != 2 || day < 29 || leap)
}

const (
	// unknown stands for two fillers, mixed for one beside a digit.
	unknown = -1
	mixed   = -2
)

// pair is the number of two digits.
func pair(s string) int {
	a, b := s[0], s[1]
	switch {
	case a == Filler && b == Filler:
		return unknown
	case a == Filler || b == Filler:
		return mixed
	}
	return 10*int(a-'0') + int(b-'0')
}

// dateOf reads six characters as a date whose year is in the century that
// ends with the year.
func dateOf(s string, last int) Date {
	var d Date
	if n := pair(s); n >= 0 {
		d.Year = last - (last-n)%100
	}
	d.Month, d.Day = max(0, pair(s[2:])), max(0, pair(s[4:]))
	return d
}

// birthOf reads a date of birth: of the hundred years before now, so that it is
// never in the future.
func birthOf(s string, now time.Time) Date {
	d := dateOf(s, now.Year())
	if d.Year == now.Year() && (d.Month > int(now.Month()) || d.Month == int(now.Month()) && d.Day > now.Day()) {
		d.Year -= 100
	}
	return d
}

// ahead is how many years after now a document may expire. Half a century ahead
// and half a century back tell both a document for life and one long expired.
const ahead = 50

// expiryOf reads a date of expiry.
func expiryOf(s string, now time.Time) Date { return dateOf(s, now.Year()+ahead) }
