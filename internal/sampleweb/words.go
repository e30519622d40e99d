package sampleweb

import (
	"math/rand/v2"
	"strings"
)

// blog is what an invented blog is made of. Titles, ledes and sentences hold
// alternatives as {one|another}; thousands of posts differ by the draw.
type blog struct {
	name, tagline string
	topic, lang   string
	kind          string
	authors       []string
	tags          []string
	titles        []string
	ledes         []string
	sentences     []string
	motif         motif
	hue           float64 // of its pictures and pages, in degrees
}

// draw takes one of each {a|b|c} in s.
func draw(r *rand.Rand, s string) string {
	if !strings.Contains(s, "{") {
		return s
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		choice, after, _ := strings.Cut(rest, "}")
		all := strings.Split(choice, "|")
		b.WriteString(all[r.IntN(len(all))])
		s = after
	}
}

// The words of a web beyond its first dozen blogs.
var (
	nameFirst = []string{"Amber", "Quiet", "Second", "Northern", "Paper", "Copper", "Plain", "Borrowed", "Winter", "Open", "Distant", "Patient", "Round", "Little", "Salted", "Green", "Hollow", "Bright", "Wandering", "Sunday", "Narrow", "Loose", "Velvet", "Early", "Hidden"}
	nameLast  = []string{"Ledger", "Lantern", "Compiler", "Orchard", "Bench", "Harbour", "Index", "Notebook", "Junction", "Window", "Kiln", "Signal", "Margin", "Ferry", "Loom", "Atlas", "Quarry", "Socket", "Meadow", "Spindle", "Archive", "Kettle", "Compass", "Bridge", "Almanac"}
	given     = []string{"Ifeoma", "Tomasz", "Rin", "Maarten", "Priya", "Diego", "Aoife", "Sefa", "Noor", "Henrik", "Leilani", "Bram", "Annika", "Cem", "Maëlle", "Koffi", "Ximena", "Iñaki", "Zanele", "Pavel", "Siosaia", "Greta", "Yusuf", "Mei-Ling", "Anahera", "Oluwaseun", "Łucja", "Dmytro", "Thandiwe", "Rafael", "Shirin", "Eino", "Camila", "Tariq", "Hye-jin", "Ngozi", "Lars", "Parvati", "Emeka", "Ilse"}
	family    = []string{"Nwachukwu", "Wieczorek", "Takahara", "de Wit", "Raghunathan", "Altamirano", "Brannigan", "Tuilagi", "El-Amrani", "Solvang", "Kahananui", "Osterhout", "Vogt", "Yıldırım", "Kerbrat", "Adjovi", "Arriaga", "Elorza", "Mthembu", "Hrubý", "Fonua", "Lindqvist", "Haddad", "Okonjo", "Te Rangi", "Sokołowska", "Petrenko", "Dlamini", "Figueira", "Karimi", "Virtanen", "Escobar", "Bashir", "Song", "Ezeudu", "Halvorsen", "Subramaniam", "Marchetti", "O’Dowd", "Brouwer"}
)

// blogs are the first dozen sources.
var blogs = []blog{
	{
		name: "Ledger & Leaf", tagline: "Databases, and the people who wake up for them",
		topic: "Databases", lang: "en", motif: rings, hue: 162,
		authors: []string{"Ifeoma Nwachukwu", "Tomasz Wieczorek"},
		tags:    []string{"databases", "postgres", "indexes", "storage", "transactions", "operations", "backups"},
		titles: []string{
			"The index that {nobody asked for|paid for itself|slept for a year}",
			"A {quiet|slow|careful} tour of {write-ahead logs|multi-version rows|page splits}",
			"What {vacuum|the planner|a checkpoint} {does while you sleep|cannot know|is trying to tell you}",
			"{Three|Four|Five} {schemas|queries|migrations} I would {undo|write again|defend in court}",
			"Restoring {a backup|a bakery|a Tuesday}: the drill we {run every month|postponed for years}",
			"{Counting|Sorting|Joining} {forty million|two billion|a few hundred} rows without {regret|a cluster|losing count}",
			"Soft deletes are {a loan|a habit|a second table}",
			"The day our {sequence|replica|connection pool} ran {out|late|backwards}",
			"Small {tables|transactions|locks} with {long|unkind|wide} consequences",
			"How we {moved|split|renamed} {the orders table|a primary key|the busiest column} at {noon|walking pace}",
		},
		ledes: []string{
			"We {added|removed|rebuilt} one index on a {Thursday|quiet morning} and the {graphs|pagers|night shift} went {flat|silent}. This is how we found it.",
			"Every database keeps a diary. Reading it {slowly|backwards|with coffee} explained {a slow month|a strange total|our longest outage}.",
			"A {bakery|library|ferry company} with {nine|forty} branches taught us more about {isolation|ordering|durability} than any manual.",
			"The query was {fast|correct} for {three years|eleven months}. Then the table {grew past memory|changed its shape|met a new customer}, and so did we.",
		},
		sentences: []string{
			"The planner had {two|three} choices and took the {cheaper|older} one, which was right until the statistics went stale.",
			"We measured before touching anything: {ninety|eighty|forty} milliseconds at the median, {four|six} seconds at the edge.",
			"A lock is a promise, and somebody always pays for {keeping|breaking} it.",
			"It helps to draw the pages on paper, because then a split stops being a metaphor.",
			"Nothing in the log was wrong; it was merely {later|longer|more honest} than we expected.",
			"The migration ran in {twelve|thirty|seven} steps, each small enough to be boring, and boring was the goal.",
			"When the replica caught up we compared row counts, then checksums, and only then the coffee budget.",
			"An index answers one question very well and makes every write a little {slower|heavier} for it.",
			"Our rule since then: a backup counts from the day it was restored by someone who had not made it.",
			"The fix was one line, and the paragraph explaining it is still the most read page of our handbook.",
			"Batching the updates by key order turned random writes into a stroll along the shelf.",
			"If you remember one figure from this post, let it be the ratio of rows read to rows returned.",
		},
	},
	{
		name: "Gopher Hollow", tagline: "Go, written slowly",
		topic: "Go", lang: "en", motif: dots, hue: 192,
		authors: []string{"Rin Takahara", "Maarten de Wit", "Oluwaseun Okonjo"},
		tags:    []string{"go", "concurrency", "testing", "performance", "standard library", "tools"},
		titles: []string{
			"A {channel|mutex|context} is {not a queue|a contract|the wrong tool for that}",
			"Reading {net/http|encoding/json|sync|the scheduler} {from the bottom|with a pencil|on a train}",
			"{Tests|Errors|Names} that {explain themselves|survive a rewrite|age well}",
			"Shaving {a third|eighty percent|one allocation} off {a parser|a hot loop|our import path}",
			"The {smallest|most useful|strangest} {interface|package|type} we {own|deleted|kept}",
			"Iterators for {the impatient|people who liked loops|trees}",
			"What {escape analysis|the race detector|a profile} {saw that we did not|taught the team}",
			"{Fuzzing|Benchmarking|Tracing} {a date parser|a config loader|the boring parts}",
			"Goroutines {leak quietly|come home late|need somebody waiting}",
			"One binary, {no cluster|twelve customers|three kinds of regret}",
		},
		ledes: []string{
			"The program was {right|fast enough} and nobody could say why. So we {took it apart|wrote the test first|read it aloud} on a {rainy|long} afternoon.",
			"{Forty|Ninety|Two hundred} lines of Go replaced {a framework|a queue and two workers|a wiki page}, and these are the ones that mattered.",
			"A short note on {ownership|cancellation|naming}: who starts a goroutine waits for it, and everything else follows.",
			"Profiles are honest but not talkative. Here is how to {ask twice|read the flat column|find the allocation that matters}.",
		},
		sentences: []string{
			"The zero value worked, so the constructor went away, and with it {six|nine} tests that had guarded nothing.",
			"We kept the interface next to its reader, where it stayed {two|three} methods long.",
			"An error message should say what was tried, because the reader was not in the room.",
			"The benchmark ran old and new in turns; run one after the other, the machine's mood was the largest effect.",
			"Passing a context everywhere felt like ceremony until the first request was cancelled in the middle of a write.",
			"There is no prize for the channel that replaced a perfectly good slice.",
			"Moving the buffer out of the loop saved {one|two} allocations an item, which at our rate is {a core|a fifth of a core}.",
			"The table of cases grew to {thirty|fifty} rows and remained readable, which cannot be said of what it tests.",
			"A package comment that states a promise also tells you what to refuse in review.",
			"We let the compiler find the callers: rename first, reason afterwards.",
			"The race detector was green, yet the order of two writes was still a matter of luck.",
			"Deleting the cache made the service {faster|simpler}, and the graphs needed a week to believe it.",
		},
	},
	{
		name: "Cold Start Diaries", tagline: "Serverless systems, warmly explained",
		topic: "Serverless", lang: "en", motif: waves, hue: 262,
		authors: []string{"Priya Raghunathan", "Diego Altamirano"},
		tags:    []string{"serverless", "lambda", "events", "step functions", "cost", "architecture", "queues"},
		titles: []string{
			"The {function|queue|workflow} that {cost a coffee|ran twice|forgot to stop}",
			"Designing for {retries|silence|the second delivery} {from the first day|on a small budget}",
			"A state machine for {a flower shop|parcel lockers|night trains|school meals}",
			"{Idempotency|Backpressure|Fan-out} {without tears|in four drawings|as good manners}",
			"What {ten thousand|a million|six} cold starts {look like|taught our team}",
			"Events are {letters, not phone calls|facts|cheaper than meetings}",
			"{Timeouts|Dead letters|Schedules} deserve {an owner|a name|better dashboards}",
			"From cron to {events|a calendar of events|something that notices}",
			"The {bill|trace|quota} as a {design document|map|mirror}",
			"When {not to|to quietly} go serverless",
		},
		ledes: []string{
			"Our {busiest|oldest} function ran {nine|forty} million times last month. {Half|A third} of those runs were apologies for the others.",
			"A workflow for {parcel lockers|school meals|concert tickets} in {seven|five} states, and why the retry rule was the hardest line to write.",
			"Nothing was running, and that was the point. A story about {idle cost|scale to zero|an empty dashboard} and the courage to leave it empty.",
			"The same message arrived {twice|three times}. It always had. This week we started {counting|listening|planning for it}.",
		},
		sentences: []string{
			"A retry is a second chance for the caller and a second load for everyone else, so we gave it jitter.",
			"The dead letters were read on Mondays, by a person, aloud.",
			"We drew the states before naming the services, and {two|three} services never came to exist.",
			"Each step is allowed its own job and nothing else, which made the audit a short meeting.",
			"The cold start was {three|four} hundred milliseconds; the wait for our own database was {two|three} seconds.",
			"Idempotency came down to choosing the key before doing the work.",
			"The bill is the most precise trace we own, and it arrives whether or not sampling was on.",
			"A timeout shorter than the work behind it is merely a way to do the work twice.",
			"We send facts in the past tense, and let the listeners decide what they mean.",
			"At night the whole system rests at zero, and the morning peak no longer needs a rehearsal.",
			"The map state hid a loop we had feared for years, and then simply ran it {forty|a thousand} wide.",
			"Rolling back took one pointer and {eleven|nine} seconds, measured with a kitchen timer.",
		},
	},
	{
		name: "The Hedge Router", tagline: "Notes on growing small networks",
		topic: "Networks", lang: "en", motif: hills, hue: 108,
		authors: []string{"Aoife Brannigan", "Sefa Tuilagi"},
		tags:    []string{"networking", "ipv6", "community", "dns", "wireless", "routing", "gardening"},
		titles: []string{
			"Pruning {a routing table|the firewall|old prefixes} before {winter|the frost|lunch}",
			"A mesh for {the allotments|eleven farms|one long valley}",
			"{DNS|DHCP|Multicast} is a {garden|compost heap|neighbourhood}: {tend it|turn it yearly|know your neighbours}",
			"{IPv6|Fibre|A new mast} comes to {the island|our street|the old mill}",
			"Latency, {measured in footsteps|by bicycle|before breakfast}",
			"The {cable|switch|antenna} that {outlived|outgrew} {its building|three owners}",
			"How to {label|lose|bury} a cable {so that your successor thanks you|in an afternoon|properly}",
			"What the {storm|heron|census} did to our {uplink|packet loss|graphs}",
			"Peering with {the library|the neighbours|a dairy}",
			"A quiet {firewall|resolver|backbone} in {sixty rules|two evenings|a biscuit tin}",
		},
		ledes: []string{
			"The valley has {eleven|nine|fourteen} houses, one mast and {a heron|two opinions about trees}. Here is how it got {stable|symmetric} links.",
			"We walked the {whole|old} route with a {label printer|thermos and a torch} and found {three|five} cables that nobody owned.",
			"Good networks, like hedges, are mostly {maintenance|patience}. This month: {prefixes|names|spares}.",
			"After the storm {one|two} link{s|} came back before the power did. The reason is a {biscuit tin|car battery} and some luck.",
		},
		sentences: []string{
			"Loss rose with the wind, which ruled out the software and ruled in the ladder.",
			"We give each house a prefix of its own, and the questions about address plans stopped.",
			"The spare switch lives beside the jam, labelled with the date it was last switched on.",
			"A trace from the far end told us more in one minute than a week of graphs from ours.",
			"Names first, then numbers: the zone file is the only map that people keep up to date.",
			"The library offered a shelf, {two|three} sockets and a key, and became our best peer.",
			"Every rule in the firewall now carries the name of somebody who still lives here.",
			"In spring the leaves take {two|four} decibels, and in autumn they give them back.",
			"We measured at six in the morning, when only the bakery and the backups are awake.",
			"Burying the cable took a day; agreeing where took the winter.",
			"The resolver answers from memory {nine times in ten|most of the day}, and the mast is grateful.",
			"A good loop of spare cable is a letter to the person who comes after you.",
		},
	},
	{
		name: "Counterform", tagline: "Letters, and the space inside them",
		topic: "Typography", lang: "en", motif: bars, hue: 18,
		authors: []string{"Noor El-Amrani", "Henrik Solvang"},
		tags:    []string{"typography", "type design", "web fonts", "lettering", "layout", "printing"},
		titles: []string{
			"The {comma|ampersand|long s|figure one} deserves {more room|a second look|an apology}",
			"Setting {a menu|train timetables|poetry|footnotes} for {small screens|tired eyes|two scripts}",
			"{Hinting|Kerning|Spacing} {by ear|in public|for people in a hurry}",
			"A {specimen|street|ferry terminal} in {nine|four} weights",
			"What {wood type|neon|enamel signs} {knew about contrast|remembers|gets right}",
			"Arabic and Latin, {side by side|on one baseline|without compromise}",
			"The {grey|rhythm|silence} of a {good paragraph|narrow column|printed page}",
			"Variable fonts, {fixed habits|three axes and a doubt}",
			"{Underlines|Margins|Bullets} are {punctuation|furniture|promises}",
			"Drawing {an ‘a’|a zero|the letter g} for {the eleventh|the last} time",
		},
		ledes: []string{
			"A letter is mostly the {white|space} around it. This week I drew {one|the same} counter {eleven|twenty} times and kept the {first|ugliest}.",
			"The {timetable|menu|map key} was set in {six|five} sizes. It needed {two|three}, and a little more air.",
			"Walking {the harbour|our street} with a camera, collecting {numerals|ampersands|enamel}, and what they say about {contrast|hurry|paint}.",
			"Readers do not notice {spacing|line length|hyphens} until it is wrong, and then they notice nothing else.",
		},
		sentences: []string{
			"The bowl wants to be rounder than a circle, and the stem straighter than a ruler.",
			"At fourteen pixels the serif is a rumour, so the rhythm has to carry the word.",
			"I printed the page, turned it upside down, and saw the {river|hole} at once.",
			"Two scripts share a line best when neither is asked to bow.",
			"A measure of sixty characters is a kindness, not a law.",
			"The old punches were cut by hands that knew how ink spreads, and our outlines must remember for them.",
			"Tabular figures cost nothing and make a column of prices stand still.",
			"We moved the margin by {three|two} millimetres and the page began to breathe.",
			"An underline drawn through its descenders is a fence across a garden path.",
			"The client asked for louder, and what helped was quieter neighbours.",
			"Spacing came before drawing, which felt wrong for a week and right ever after.",
			"Subsetting took the file from {ninety|a hundred and forty} kilobytes to {nineteen|twenty-two}, with all the accents our readers' names need.",
		},
	},
	{
		name: "Gradient & Gravel", tagline: "Maps for people on bicycles",
		topic: "Cycling maps", lang: "en", motif: route, hue: 34,
		authors: []string{"Leilani Kahananui", "Bram Osterhout", "Shirin Karimi"},
		tags:    []string{"cycling", "maps", "elevation", "open data", "cartography", "routes"},
		titles: []string{
			"{Shading|Contouring|Naming} {hills|a pass|the flat country} you can {feel in your knees|ride before noon}",
			"The {gravel|ferry|towpath} layer, {at last|surveyed by bicycle|explained}",
			"How steep is {steep|that street|a line on paper}?",
			"{Sixty|A hundred and ten|Forty} kilometres {along the canal|behind the dunes|over three small passes}",
			"A map that {folds|survives rain|knows the wind}",
			"Routing around {cobbles|one impatient dog|school hours|headwinds}",
			"{Smoothing|Trusting|Doubting} elevation data {with a barometer|on bridges|near tunnels}",
			"Where the {bike lane|signpost|asphalt} {ends|changes its mind}, and why",
			"Drawing {water taps|shade|bakeries} at {the right zoom|walking scale}",
			"{Night|Winter|First} ride: {eleven|four} corrections to the map",
		},
		ledes: []string{
			"The {profile|map} said {flat|four percent}. My knees said otherwise, so we went back with a {barometer|tape measure|patient friend}.",
			"{Sixty|Eighty} kilometres, {three|two} ferries, one {puncture|bakery}: a loop for testing what the new {gravel|shade|wind} layer gets wrong.",
			"Bridges make elevation models lie. We corrected {two hundred|ninety} of them {by bicycle|one by one}, and this is the method.",
			"A good cycling map shows {where to stop|what the tyres will meet|the way back}. Ours just learned to show {water|surface|shade}.",
		},
		sentences: []string{
			"The climb is short, honest and slightly longer than its contour lines admit.",
			"We recorded the surface every {fifty|hundred} metres, with the tyres as instruments.",
			"Headwind is the only hill a map has never drawn, so we tried arrows.",
			"Tunnels give the barometer a fright; the filter forgives them after {thirty|twenty} seconds.",
			"The towpath is legal, level and, on Sundays, full of very confident geese.",
			"At this zoom a bakery matters more than a county boundary.",
			"Smoothing too much turns a staircase into a ramp, which nobody thanked us for.",
			"Every correction carries the date and the weather in which it was ridden.",
			"The ferry waits for no one, but the timetable data had been waiting since {April|last autumn}.",
			"Shade was computed for four o'clock in July, because that is when it is missed.",
			"We print on paper that can be folded wrong and still be read.",
			"The detour adds {two|four} kilometres and removes every reason to hurry.",
		},
	},
	{
		name: "Nachtbus", tagline: "Nahverkehr, Fahrpläne und das Warten",
		topic: "Nahverkehr", lang: "de", motif: route, hue: 222,
		authors: []string{"Annika Vogt", "Cem Yıldırım"},
		tags:    []string{"Nahverkehr", "Fahrplan", "Stadtplanung", "Barrierefreiheit", "Straßenbahn", "Daten"},
		titles: []string{
			"Warum der {letzte Bus|Anschluss|Takt} {selten wartet|eine Zusage ist|im Winter kippt}",
			"{Zehn|Zwanzig|Sieben} Minuten am {Umsteigeplatz|Betriebshof|Stadtrand}",
			"Ein Fahrplan für {Menschen mit Gepäck|den Schichtwechsel|kleine Orte}",
			"Die {Linie 7|Ringlinie|Fähre} fährt wieder – {eine Probefahrt|und kaum jemand weiß es|ein Lob}",
			"Haltestellen, die {Schatten|Würde|einen Namen} verdienen",
			"Was {Echtzeitdaten|Aushänge|Durchsagen} {verschweigen|besser machen könnten}",
			"{Barrierefrei|Pünktlich|Leise} unterwegs: {drei Wege durch die Stadt|ein Selbstversuch}",
			"Straßenbahn auf {Rasen|Brücken|alten Gleisen}",
			"Kleine Geschichte der {Fahrkarte|Umsteigezeit|Nachtlinie}",
		},
		ledes: []string{
			"Kurz nach {eins|Mitternacht} fährt der letzte Bus, und {drei|fünf} Leute rennen. Warum er trotzdem nicht wartet, hat gute Gründe.",
			"Wir haben {eine Woche|vierzig Fahrten} lang notiert, wann Anschlüsse {halten|reißen}. Das Ergebnis {überrascht|beruhigt} nur am {Stadtrand|Wochenende}.",
			"Eine Haltestelle braucht {ein Dach, eine Bank und einen Namen|Licht und Schatten}. An {sieben|elf} Orten fehlt mindestens eines davon.",
		},
		sentences: []string{
			"Der Puffer am Ende der Linie beträgt {vier|sechs} Minuten und wird täglich aufgebraucht.",
			"Wer mit Kinderwagen umsteigt, zählt Stufen und nicht Minuten.",
			"Die Fahrerin kennt {zwei|drei} Abkürzungen, benutzt aber keine davon.",
			"Auf dem Aushang steht die Wahrheit von vorgestern, ordentlich laminiert.",
			"Im Takt zu fahren heißt auch, dass niemand auf die Uhr sehen muss.",
			"Die Daten liegen offen, nur gefunden hat sie lange keiner.",
			"Am Betriebshof riecht es nach Bremsstaub und frischem Kaffee.",
			"Zwischen den Dörfern wird der Bus zum Wohnzimmer mit Aussicht.",
			"Eine Rampe kostet weniger als die Ausreden für ihr Fehlen.",
			"Gemessen haben wir mit Stoppuhr, Klemmbrett und sehr viel Geduld.",
		},
	},
	{
		name: "L’Atelier du Fil", tagline: "Tisser, coder, réparer",
		topic: "Textile et code", lang: "fr", motif: waves, hue: 338,
		authors: []string{"Maëlle Kerbrat", "Koffi Adjovi"},
		tags:    []string{"tissage", "matériel libre", "réparation", "motifs", "atelier", "électronique"},
		titles: []string{
			"Un métier à tisser {piloté par|qui parle à|réparé avec} {une carte à dix euros|trois moteurs|de la patience}",
			"Le {motif|nœud|fil} {oublié|rouge|de trop}",
			"{Teindre|Compter|Nouer} sans {tableur|se presser|eau chaude}",
			"Réparer {une manche|un capteur|la vieille bobineuse} : {notes d’un dimanche|mode d’emploi}",
			"Ce que {la trame|le pagne|la laine} {enseigne aux programmeurs|garde en mémoire}",
			"Petit éloge {de la lisière|du brouillon|des ciseaux}",
			"{Quatre|Sept} motifs {calculés la nuit|venus du port|pour débuter}",
			"L’atelier ouvre {à l’aube|un jeudi sur deux} : {récit d’une première année|ce qui a marché}",
		},
		ledes: []string{
			"Le métier date de {trois générations|l’avant-dernier siècle}, la carte électronique de {mardi|la semaine dernière}. Ensemble, ils tissent {presque droit|un motif par heure}.",
			"On croit qu’un motif se dessine. En réalité il se {compte|chante}, et {la machine|ma voisine} compte mieux que moi.",
			"Cette semaine : {une bobineuse|deux navettes} à réparer, {un capteur|une teinture} à comprendre, et beaucoup de thé.",
		},
		sentences: []string{
			"La chaîne compte {deux cent quarante|trois cents} fils, et chacun a son avis sur la tension.",
			"Le programme tient sur {une page|quarante lignes}, commentaires compris.",
			"Nous avons gardé les erreurs : elles font désormais une bordure.",
			"La teinture d’hier a viré au vert pendant la nuit, ce qui n’était pas prévu mais plutôt joli.",
			"Un moteur pas à pas n’a jamais d’états d’âme, et cela s’entend.",
			"Tout est publié : les plans, le code, la liste des vis.",
			"À l’atelier, on apprend d’abord à défaire.",
			"Le capteur confondait l’ombre et la laine ; un simple carton a suffi.",
			"Les enfants du quartier ont choisi les couleurs, la machine a choisi le rythme.",
			"Réparer prend plus de temps que remplacer, et laisse plus d’amis.",
		},
	},
	{
		name: "Cuaderno de Sal", tagline: "Cocina lenta con termómetro",
		topic: "Cocina", lang: "es", motif: rings, hue: 46,
		authors: []string{"Ximena Arriaga", "Iñaki Elorza"},
		tags:    []string{"fermentación", "pan", "cocina", "sal", "mercados", "ciencia casera"},
		titles: []string{
			"La {masa madre|salmuera|olla} que {no quería subir|viajó en tren|heredé de una vecina}",
			"{Tres|Cinco} panes y {una duda|un termómetro|mucho invierno}",
			"Sal {gruesa, sal fina|de dos orillas|a ojo}: {un experimento|apuntes de mercado}",
			"Fermentar {chiles|coles|limones} en {un piso pequeño|verano|la repisa}",
			"El {mercado|horno|puerto} a las {seis de la mañana|cinco y media}",
			"Por qué {reposa|sala|espera} quien {cocina bien|tiene prisa}",
			"Cuaderno de {septiembre|enero|lluvia}: {frascos, moho y paciencia|lo que salió bien}",
			"Medir {el punto de sal|la acidez|el tiempo} sin {laboratorio|estropear la cena}",
		},
		ledes: []string{
			"La masa llevaba {nueve|doce} horas quieta. La culpa, como casi siempre, era {de la harina|de la ventana|mía}.",
			"En el mercado {del puerto|de los martes} preguntamos a {siete|cuatro} puestos cuánta sal es bastante. Hubo {ocho|cinco} respuestas.",
			"Un frasco, {dos|tres} ingredientes y un termómetro prestado: así empezó {el otoño|este cuaderno|la discusión}.",
		},
		sentences: []string{
			"A {veintidós|veinticuatro} grados la levadura trabaja; a treinta, discute.",
			"Pesamos todo, incluso las pizcas, y descubrimos que cada mano tiene la suya.",
			"El frasco del fondo burbujeó toda la noche como una radio mal sintonizada.",
			"Mi abuela no medía nada, pero probaba {cuatro|tres} veces.",
			"La salmuera al {tres|dos y medio} por ciento perdona casi todos los errores.",
			"El horno miente {quince|veinte} grados y lo hace con mucha constancia.",
			"Anotamos la hora, el olor y el ánimo; los tres resultaron importantes.",
			"Nadie en el mercado vende prisa, y por eso volvemos.",
			"La corteza canta cuando se enfría, si uno sabe callarse.",
			"Con lo que sobró hicimos sopa, que es la forma más antigua de corregir.",
		},
	},
	{
		name: "小さな観測所", tagline: "空と気象の観測ノート",
		topic: "観測", lang: "ja", motif: dots, hue: 240,
		authors: []string{"森下 遥", "大城 航"},
		tags:    []string{"観測", "天文", "気象", "望遠鏡", "自作", "記録"},
		titles: []string{
			"{雨上がり|満月|夜明け前}の{気圧計|望遠鏡|観測小屋}から",
			"{百葉箱|赤道儀|雨量計}を{自作する|直す|塗り直す}",
			"{流星|台風|霧}を{待つ|数える|記録する}夜",
			"{島|丘の上|屋上}で見た{薄明|木星|積乱雲}",
			"{三年分|一週間|四季}の気温を{並べてみる|聴いてみる}",
			"{静かな|遅い|小さな}センサーの{作り方|育て方}",
			"観測ノート {春|夏|秋|冬}の{はじまり|終わり}",
			"{停電|雷|結露}と{記録計|レンズ}の話",
		},
		ledes: []string{
			"{夜明け前|雨の合間}の{一時間|二十分}だけ、空が{驚くほど|思いがけず}澄みました。その記録です。",
			"{古い|手作りの}{雨量計|気圧計}が{三年|五年}ぶりに動き出しました。直し方と、わかったことを書きます。",
			"小さな観測所には{望遠鏡|温度計}が{一台|二つ}と、急須がひとつあります。今週は{霧|流星|積乱雲}の話です。",
		},
		sentences: []string{
			"気温は{二|三}時間で{四|五}度下がり、草の上に露が降りました。",
			"数字だけでは足りないので、雲の形も毎回描いています。",
			"風が止むと、遠くの港の音まで聞こえます。",
			"センサーは{箱の中|軒下}に置き、直射日光を避けました。",
			"記録は{十分|一分}ごとに残し、失敗した回もそのまま公開します。",
			"望遠鏡を外に出して{三十分|一時間}待つと、像が落ち着きます。",
			"計算と観測がずれたときは、まず時計を疑います。",
			"近所の子どもたちが、初めて木星の縞を見つけました。",
			"部品はどれも手に入りやすいものばかりです。",
			"次の{満月|新月}には、もう少し高い場所で試すつもりです。",
		},
	},
	{
		name: "Slow Compile", tagline: "Languages for machines, read by people",
		topic: "Programming languages", lang: "en", motif: bars, hue: 288,
		authors: []string{"Zanele Mthembu", "Pavel Hrubý"},
		tags:    []string{"compilers", "parsing", "types", "language design", "interpreters", "history"},
		titles: []string{
			"A parser you can {read at breakfast|explain to a violinist|throw away}",
			"{Types|Macros|Semicolons} are {opinions|a form of memory|cheaper than meetings}",
			"The {error message|warning|hint} that {taught me the language|was longer than the program}",
			"Implementing {pattern matching|closures|a garbage collector} {in an afternoon|badly, then well|twice}",
			"What {Forth|a spreadsheet|knitting notation} knows about {state|names|composition}",
			"{Fourteen|Six} ways to {fold a constant|spell a loop|say nothing}",
			"An interpreter in {four hundred lines|the margin of a book}",
			"The {parser|optimiser|linker} that {was right|stopped too early}",
			"Precedence, {settled by committee|and other family quarrels}",
		},
		ledes: []string{
			"The compiler took {four|nine} seconds and was right. The message it printed took us {a week|an afternoon} to understand, and only one of those can be fixed.",
			"I rewrote a {parser|type checker|collector} in {four hundred|six hundred} lines to find out which of its {ideas|pages} were load-bearing.",
			"A language is what its {error messages|deletions|idioms} say it is. A walk through {three|five} of ours.",
			"{Knitting patterns|Tram timetables|Recipes} are programs with very patient machines. What could we {borrow|compile}?",
		},
		sentences: []string{
			"The grammar fits on one page, provided the page is honest about precedence.",
			"We gave every node its place in the source, and the messages wrote themselves.",
			"A type that only says no is half a type.",
			"Folding the constant was easy; explaining where it went needed a new column.",
			"The collector pauses for {two|three} milliseconds, about as long as a polite doubt.",
			"Recursive descent remains the clearest way to say what you meant.",
			"Each optimisation came with the program that it made worse.",
			"Names are resolved inside out, like gossip.",
			"The first version was {slow|naive} and correct, and it is still the yardstick for the second.",
			"Syntax is cheap, so we spent the budget on words.",
			"An interpreter is a compiler that changed its mind at the last moment.",
			"Removing the feature took a year; nobody remembers which year.",
		},
	},
	{
		name: "Tidewater Workshop", tagline: "Short films about boats, wood and weather",
		topic: "Workshop", lang: "en", kind: "video", motif: hills, hue: 204,
		authors: []string{"Siosaia Fonua", "Greta Lindqvist"},
		tags:    []string{"woodworking", "boats", "tools", "repair", "video", "weather"},
		titles: []string{
			"Steaming {oak|ash|one stubborn plank} in {a drainpipe|the rain|eleven minutes}",
			"{Sharpening|Restoring|Trusting} {a plane|an old adze|the bandsaw}",
			"The {keel|mast|oar} we {cut twice|found in a barn|almost kept}",
			"Launch day: {wind, tea and arithmetic|everything that floated}",
			"{Caulking|Riveting|Painting} {below the waterline|before the equinox|with a child’s patience}",
			"A boat in {fourteen|nine} boards",
			"Splicing {rope|wire|two opinions} {by lamplight|for beginners}",
			"The {shed|slipway|winter} that {leaked|taught us joinery}",
		},
		ledes: []string{
			"In this film we bend {one plank|eleven ribs} around a shape that {exists only in chalk|the sea has already approved}.",
			"{Twelve|Nine} minutes at the bench: {an oar|a mast step|a rudder}, a drawknife and {very little talking|the radio}.",
			"The tide leaves us {four|five} hours. What can be {caulked|riveted|painted} in that time, and what had better wait.",
		},
		sentences: []string{
			"The plank goes from the steam box to the clamps in {forty|thirty} seconds, or goes to the stove.",
			"We work to the line, then we work to the eye, and the eye wins.",
			"Copper rivets forgive a lot, salt water nothing.",
			"The old adze came without its handle and with {two|three} stories.",
			"Chalk on the floor is our drawing office.",
			"A sharp iron makes a sound like tearing silk, and you can hear it at minute {four|six}.",
			"When the wind turned, we stopped filming and held the tarpaulin.",
			"Each seam takes cotton, then oakum, then patience.",
			"The paint dries by Thursday if the forecast means it.",
			"She floats {two|three} fingers above her marks, which is exactly right.",
		},
	},
}
