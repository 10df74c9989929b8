package document

import (
	"regexp"
	"strconv"
	"strings"

	"oneton/document/mrz"
)

// months are the Spanish ones' first three letters, which tell them apart.
var months = map[string]int{
	"ENE": 1, "FEB": 2, "MAR": 3, "ABR": 4, "MAY": 5, "JUN": 6,
	"JUL": 7, "AGO": 8, "SEP": 9, "SET": 9, "OCT": 10, "NOV": 11, "DIC": 12,
}

// printed is a date as documents have it: a day, a month as a number or a word, and a
// year of four digits, with or without something in between.
var printed = regexp.MustCompile(`(?:^|\D)(\d{1,2})\W*(?:DE\W*)?(\d{1,2}|[A-Z]{3,10})\W*(?:DE[L]?\W*)?((?:19|20)\d\d)(?:\D|$)`)

// dateIn is the first date in a text, in which numbers go from day to month.
func dateIn(text string) (mrz.Date, bool) {
	upper := strings.ToUpper(text)
	for _, m := range printed.FindAllStringSubmatch(upper, -1) {
		day, _ := strconv.Atoi(m[1])
		month, err := strconv.Atoi(m[2])
		if err != nil {
			month = months[m[2][:3]]
		}
		year, _ := strconv.Atoi(m[3])
		if day >= 1 && day <= 31 && month >= 1 && month <= 12 {
			return mrz.Date{Year: year, Month: month, Day: day}, true
		}
	}
	return mrz.Date{}, false
}

// before says whether a date is earlier than another.
func before(a, b mrz.Date) bool {
	if a.Year != b.Year {
		return a.Year < b.Year
	}
	if a.Month != b.Month {
		return a.Month < b.Month
	}
	return a.Day < b.Day
}
