package scrape

import (
	"strings"
	"testing"
)

func TestDetectLanguage(t *testing.T) {
	tests := []struct{ want, text string }{
		{"en", "The sea gives and takes, and nobody counts what it has taken from those who live by it, as they have done for a long time."},
		{"de", "Das Meer gibt und nimmt, und niemand zählt, was es denen genommen hat, die von ihm leben, wie sie es seit langer Zeit auf den Inseln tun."},
		{"fr", "La mer donne et elle prend, et personne ne compte ce qu'elle a pris à ceux qui vivent par elle, comme ils le font depuis longtemps dans les îles."},
		{"es", "El mar da y el mar quita, y nadie cuenta lo que ha quitado a los que viven de él, como lo hacen desde hace mucho tiempo en las islas del norte."},
		{"pt", "O mar dá e o mar tira, e ninguém conta o que tirou aos que vivem dele, como fazem há muito tempo nas ilhas do norte, onde não há mais do que pedras e vento."},
		{"it", "Il mare dà e il mare prende, e nessuno conta quello che ha preso a chi vive di esso, come fanno da molto tempo nelle isole del nord, dove non c'è altro che pietra."},
		{"nl", "De zee geeft en de zee neemt, en niemand telt wat ze heeft genomen van hen die van haar leven, zoals zij dat al lang op de eilanden doen, waar het altijd waait."},
		{"sv", "Havet ger och havet tar, och ingen räknar vad det har tagit från dem som lever av det, så som de gör sedan länge på öarna där det inte finns något annat än sten."},
		{"pl", "Morze daje i morze zabiera, i nikt nie liczy tego, co zabrało tym, którzy z niego żyją, tak jak to robią od dawna na wyspach, gdzie nie ma już nic oprócz kamieni, bo to jest daleko."},
		{"cs", "Moře dává a moře bere a nikdo nepočítá, co vzalo těm, kteří z něho žijí, jak to dělají už dlouho na ostrovech, kde není nic než kámen a vítr, ale to je pro ně domov, protože tam jsou doma."},
		{"ru", "Море даёт и море берёт, и никто не считает, что оно взяло у тех, кто им живёт, как они это делают уже давно на островах, где нет ничего, кроме камня и ветра, и всё так и было."},
		{"uk", "Море дає і море бере, і ніхто не рахує, що воно взяло у тих, хто ним живе, як вони це роблять вже давно на островах, де немає нічого, крім каменю та вітру, і так було для всіх."},
		{"ru", "Жители выставки каждый год видят, что это море даёт людям, и этого хватает; мы живём здесь, и мы не считаем дней до прихода зимы."},
		{"sr", "Море даје и море узима, и нико не броји шта је узело онима који од њега живе, као што то чине већ дуго на острвима, где нема ничега осим камена и ветра."},
		{"bg", "Морето дава и морето взема, и никой не брои какво е взело от онези, които живеят от него, както правят отдавна на островите, където няма нищо освен камък и вятър."},
		{"sq", "Deti jep dhe deti merr, dhe askush nuk numëron se çfarë u ka marrë atyre që jetojnë me të, si kanë bërë një kohë të gjatë në ishujt ku nuk ka asgjë më shumë se gurë dhe erë."},
		{"sk", "More dáva a more berie a nikto nepočíta, čo vzalo tým, ktorí z neho žijú, ako to robia už dlho na ostrovoch, kde nie je nič iné ako kameň a vietor, ale pre nich je to domov, pretože tu boli vždy s ľuďmi."},
		{"el", strings.Repeat("Η θάλασσα δίνει και η θάλασσα παίρνει, και κανείς δεν μετράει. ", 8)},
		{"ja", strings.Repeat("海は与え、海は奪う。誰も数えない。", 20)},
		{"zh", strings.Repeat("海给予，海夺取，没有人计算它拿走了什么。", 20)},
		{"fa", strings.Repeat("دریا می\u200cدهد و دریا می\u200cگیرد و هیچ کس نمی\u200cشمارد که چه گرفته است. ", 8)},
		{"", "Home Contact Login"}, {"", ""}, {"", strings.Repeat("lorem ipsum dolor sit amet ", 20)},
	}
	for _, tt := range tests {
		text := tt.text
		if tt.want != "" {
			text = strings.Repeat(tt.text+" ", 3)
		}
		if got := detectLanguage(text); got != tt.want {
			t.Errorf("%q, want %q: %s", got, tt.want, tt.text)
		}
	}
}

// TestUndeclared: a page's own word counts, and only without one its text.
func TestUndeclared(t *testing.T) {
	body := "<p>" + strings.Repeat(" \n", maxSample) + strings.Repeat("Das Meer gibt und nimmt, und niemand zählt, was es denen genommen hat, die von ihm leben. ", 8) + "</p>"
	for html, want := range map[string]string{"<html>" + body: "de", "<html lang=en>" + body: "en"} {
		p, err := Extract([]byte(html), Meta{URL: "https://a.example/"})
		if err != nil || p.Language != want {
			t.Errorf("got %q, want %q, %v", p.Language, want, err)
		}
	}
}
