package feed

import "strings"

// monthWords names the months, one line each: English, German, French, Spanish,
// Italian, Portuguese, Dutch, the Nordic languages, Polish, Czech, Russian,
// Ukrainian, Greek, Hungarian, Turkish, Romanian, Croatian, Indonesian; in
// full, inflected and shortened.
var monthWords = [12]string{
	`january jan januar janvier janv enero ene gennaio gen janeiro januari tammikuu tammikuuta stycznia styczeń sty ledna leden led января январь янв січня січень січ
		ιανουαρίου ιανουάριος ιαν január ocak oca ianuarie ian siječnja jänner jän jaanuar janúar 一月 januára januarja sausio`,
	`february feb februar februari février févr fév fevrier febrero febbraio fevereiro fev helmikuu helmikuuta lutego luty lut února únor úno февраля февраль фев февр
		лютого лютий лют φεβρουαρίου φεβρουάριος φεβ február febr şubat şub februarie veljače feber febrúar pebruari peb 二月 vasario`,
	`march mar märz mär mrz mars marzo março maart mrt maret marts maaliskuu maaliskuuta marca marzec března březen bře марта март мар березня березень бер μαρτίου
		μάρτιος μάρ μαρ március márc marț mart martie ožujka maerz 三月 kovo`,
	`april apr avril avr abril abr aprile huhtikuu huhtikuuta kwietnia kwiecień kwi dubna duben dub апреля апрель апр квітня квітень кві απριλίου απρίλιος απρ április
		ápr nisan nis aprilie travnja apríl 四月 balandžio`,
	`may mai mayo maggio mag maio mei maj toukokuu toukokuuta maja května květen kvě мая май травня травень тра μαΐου μάιος μαι μάι május máj mayıs mayis svibnja maí 五月 gegužės`,
	`june jun juni juin junio giugno giu junho kesäkuu kesäkuuta czerwca czerwiec cze června červen čer июня июнь июн червня червень чер ιουνίου ιούνιος ιούν ιουν ιον június jún
		haziran haz iunie iun lipnja júní 六月 birželio`,
	`july jul juli juillet juil julio luglio lug julho heinäkuu heinäkuuta lipca lipiec lip července červenec июля июль июл липня липень лип ιουλίου ιούλιος ιούλ ιουλ ιολ
		július júl temmuz tem iulie iul srpnja júlí 七月 liepos`,
	`august aug août aout agosto ago augustus augusti agustus elokuu elokuuta sierpnia sierpień sie srpna srpen srp августа август авг серпня серпень сер αυγούστου
		αύγουστος αύγ αυγ αγο augusztus ağustos ağu kolovoza ágúst 八月 rugpjūčio`,
	`september sep sept septembre septiembre setiembre settembre set setembro syyskuu syyskuuta września wrzesień wrz září zář сентября сентябрь сен сент вересня вересень
		вер σεπτεμβρίου σεπτέμβριος σεπ szeptember szept eylül eyl septembrie rujna 九月 rugsėjo`,
	`october oct oktober okt octobre octubre ottobre ott outubro out lokakuu lokakuuta października październik paź října říjen říj октября октябрь окт жовтня жовтень жов
		οκτωβρίου οκτώβριος οκτ október ekim eki octombrie 十月 spalio`,
	`november nov novembre noviembre novembro marraskuu marraskuuta listopada listopad lis listopadu ноября ноябрь ноя нояб листопада листопад лис νοεμβρίου νοέμβριος νοέ
		νοε kasım kas noiembrie noi studenoga nóvember 十一月 lapkričio`,
	`december dec dezember dez décembre déc decembre diciembre dic dicembre dezembro desember des joulukuu joulukuuta grudnia grudzień gru prosince prosinec pro декабря
		декабрь дек грудня грудень гру δεκεμβρίου δεκέμβριος δεκ aralık ara decembrie prosinca 十二月 gruodžio`,
}

var months = func() map[string]int {
	m := map[string]int{}
	for i, words := range monthWords {
		for w := range strings.FieldsSeq(words) {
			m[w] = i + 1
		}
	}
	return m
}()

func monthOf(word string) int { return months[word] }

// zones are the offsets, in seconds east, of the zones that feeds name. Of
// names with several meanings the one most written in feeds counts.
var zones = func() map[string]int {
	m := map[string]int{}
	for name, h := range map[string]float64{
		"ut": 0, "utc": 0, "gmt": 0, "z": 0, "wet": 0, "uct": 0, "zulu": 0,
		"ast": -4, "adt": -3, "at": -4, "est": -5, "edt": -4, "et": -5, "cst": -6, "cdt": -5, "ct": -6, "mst": -7, "mdt": -6, "mt": -7,
		"pst": -8, "pdt": -7, "pt": -8, "akst": -9, "akdt": -8, "hst": -10, "hast": -10, "nst": -3.5, "ndt": -2.5,
		"brt": -3, "brst": -2, "art": -3, "clt": -4, "clst": -3, "cot": -5, "pet": -5, "vet": -4, "uyt": -3,
		"bst": 1, "west": 1, "cet": 1, "met": 1, "mez": 1, "cest": 2, "mest": 2, "mesz": 2, "eet": 2, "eest": 3, "sast": 2, "cat": 2, "wat": 1, "eat": 3,
		"msk": 3, "msd": 4, "trt": 3, "irst": 3.5, "gst": 4, "pkt": 5, "ist": 5.5, "npt": 5.75, "ict": 7, "wib": 7, "wita": 8, "wit": 9,
		"sgt": 8, "hkt": 8, "pht": 8, "awst": 8, "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
	} {
		m[name] = int(h * 3600)
	}
	return m
}()
