package mrz

import "strings"

// countries are the codes of states, and of others who issue documents: those of
// ISO 3166-1 (alpha-3) and those that Doc 9303 adds (part 3, section 5, parts A
// to D): the short form of Germany, of British passports, of the United Nations,
// of regional organisations, of people without a nationality, and UTO, Utopia, of
// its specimens. ROM, ZAR, YUG and others that have gone are in documents still.
var countries = func() map[string]bool {
	known := map[string]bool{}
	for code := range strings.FieldsSeq(`
ABW AFG AGO AIA ALA ALB AND ARE ARG ARM ASM ATA ATF ATG AUS AUT AZE BDI BEL BEN BES BFA BGD BGR BHR BHS BIH BLM BLR BLZ
BMU BOL BRA BRB BRN BTN BVT BWA CAF CAN CCK CHE CHL CHN CIV CMR COD COG COK COL COM CPV CRI CUB CUW CXR CYM CYP CZE DEU
DJI DMA DNK DOM DZA ECU EGY ERI ESH ESP EST ETH FIN FJI FLK FRA FRO FSM GAB GBR GEO GGY GHA GIB GIN GLP GMB GNB GNQ GRC
GRD GRL GTM GUF GUM GUY HKG HMD HND HRV HTI HUN IDN IMN IND IOT IRL IRN IRQ ISL ISR ITA JAM JEY JOR JPN KAZ KEN KGZ KHM
KIR KNA KOR KWT LAO LBN LBR LBY LCA LIE LKA LSO LTU LUX LVA MAC MAF MAR MCO MDA MDG MDV MEX MHL MKD MLI MLT MMR MNE MNG
MNP MOZ MRT MSR MTQ MUS MWI MYS MYT NAM NCL NER NFK NGA NIC NIU NLD NOR NPL NRU NZL OMN PAK PAN PCN PER PHL PLW PNG POL
PRI PRK PRT PRY PSE PYF QAT REU ROU RUS RWA SAU SDN SEN SGP SGS SHN SJM SLB SLE SLV SMR SOM SPM SRB SSD STP SUR SVK SVN
SWE SWZ SXM SYC SYR TCA TCD TGO THA TJK TKL TKM TLS TON TTO TUN TUR TUV TWN TZA UGA UKR UMI URY USA UZB VAT VCT VEN VGB
VIR VNM VUT WLF WSM YEM ZAF ZMB ZWE
D<< GBD GBN GBO GBP GBS RKS EUE UNO UNA UNK UNT XBA XIM XCC XCE XCO XEC XES XMP XOM XPO XDC XXA XXB XXC XXX UTO XCT XAA
ANT BUR BYS CSK CTE DDR FXX NHB NTZ PCI PCZ PUS ROM SCG SUN TMP VDR YMD YUG ZAR IAO NEU`) {
		known[code] = true
	}
	return known
}()

// country is a code as it is told: without fillers, and Germany's as ISO has it.
func country(code string) string {
	if code == "D<<" {
		return "DEU"
	}
	return strings.TrimRight(code, "<")
}
