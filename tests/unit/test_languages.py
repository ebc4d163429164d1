from __future__ import annotations

import pytest

from monitor.text.language import Languages, judge_language

TEXTS = {
    "en": (
        "The council passed its budget shortly before midnight, ending a sitting that twice seemed close to collapse."
    ),
    "de": (
        "Nach einem Felssturz oberhalb der Mittelstation bleibt das Skigebiet bis auf Weiteres geschlossen, hieß es."
    ),
    "fr": (
        "Trois cols des Alpes resteront fermés jusqu'à jeudi en raison des chutes de neige annoncées par les services."
    ),
    "es": (
        "La falta de lluvia ha obligado a cerrar los regadíos de cuatro comarcas"
        " del sur, dijo el portavoz del gobierno."
    ),
    "it": (
        "Dopo trent'anni di silenzio un treno è tornato a percorrere la vecchia"
        " ferrovia, tra gli applausi di chi l'amava."
    ),
    "pt": (
        "A cheia do rio isolou oito comunidades no norte do estado e obrigou a prefeitura a levar alimentos de barco."
    ),
    "nl": (
        "Een tram is vrijdagochtend ontspoord bij het uitrijden van de remise in"
        " het noorden van de stad, zonder gewonden."
    ),
    "pl": (
        "Stary most pozostanie zamknięty do wiosny, ponieważ w jednym z przęseł wykryto pęknięcia, podał zarząd dróg."
    ),
    "ru": (
        "Зимняя переправа через Волгу открылась в понедельник для легковых автомобилей, сообщили в управлении области."
    ),
    "uk": (
        "У гірській громаді на маршрут вийшов перший шкільний автобус, який працює"
        " від батарей і заряджається біля ради."
    ),
    "ar": (
        "افتتحت السلطات المحلية يوم السبت ميناء الصيد الجديد في المدينة القديمة بعد أربع سنوات من الأعمال المتأخرة."
    ),
    "fa": ("جاده کوهستانی شمال کشور که بر اثر برف سنگین پنج روز بسته بود، صبح چهارشنبه با تلاش راهداران بازگشایی شد."),
    "zh": ("停业两年的老街茶馆昨天重新开张，门口一大早就排起了长队，许多老顾客带着自己的茶杯前来捧场。"),
    "ja": ("閉店した呉服店の二階に、座席わずか二十の映画館が生まれた。上映するのは町の人が選んだ古い作品ばかりだ。"),
    "ko": ("겨울 바다 축제가 강릉 해변에서 막을 올려 사흘 동안 관광객을 맞이한다고 주최 측이 밝혔다."),
    "tr": (
        "Dağ köyündeki ilkokulun çatısına kurulan paneller sayesinde öğrenciler bu kış sobasız sınıflarda ders görüyor."
    ),
    "sv": (
        "Postbåten till de yttre öarna har ställts in sedan isen lagt sig tjockare än på femton år, meddelar rederiet."
    ),
    "el": (
        "Ένα νέο καράβι θα συνδέει από τον Μάρτιο τα μικρά νησιά του Αιγαίου με το λιμάνι, ανακοίνωσε το υπουργείο."
    ),
    "hi": (
        "मध्य प्रदेश के एक छोटे गाँव में मंगलवार को पहला सार्वजनिक पुस्तकालय खुला, जिसके लिए ग्रामीणों ने चंदा जमा किया था,"
        " सरपंच ने शाम को पत्रकारों से बातचीत में यह भी कहा कि काम जारी है।"
    ),
    "so": (
        "Dekedda cusub ayaa maanta laga furay magaalada, kadib markii ay shaqadu"
        " socotay muddo saddex sano ah, ayuu yiri."
    ),
    "cs": (
        "Lanovka na rozhlednu po roční opravě opět jezdí a v pátek ráno vyvezla"
        " první návštěvníky, kteří čekali ve frontě."
    ),
}


@pytest.mark.parametrize("language", TEXTS)
def test_the_text_wins_over_a_template_that_says_otherwise(language: str) -> None:
    other = "de" if language != "de" else "fr"
    assert judge_language(TEXTS[language], (other, "en")) == Languages(language, other, language)
    assert judge_language(TEXTS[language], (None, "", "x-default")) == Languages(language, None, language)


def test_a_short_text_is_in_the_language_that_is_declared() -> None:
    assert judge_language("Kaput! Finito, basta.", ("de-AT",)) == Languages("de", "de", None)
    assert judge_language("", ("de",)) == Languages("de", "de", None)
    assert judge_language("", ()) == Languages(None, None, None)


@pytest.mark.parametrize(
    ("text", "declared"),
    [
        ("Novi most preko reke otvoren je u subotu ujutru, a prvi automobili su prešli dok je svirao orkestar.", "sr"),
        ("Novi most preko reke otvoren je u subotu ujutru, a prvi automobili su prešli dok je svirao orkestar.", "hr"),
        ("Jembatan baru di atas teluk itu dibuka pada pagi Sabtu ketika orkestra bermain di tengah hujan lebat.", "ms"),
        ("Den nye broen over fjorden ble åpnet lørdag, og de første bilene kjørte over mens korpset spilte.", "da"),
    ],
)
def test_a_near_relative_that_is_declared_and_possible_stands(text: str, declared: str) -> None:
    assert judge_language(text, (declared,)).language == declared


def test_a_near_relative_that_the_text_rules_out_does_not_stand() -> None:
    text = (
        "Os pescadores suspenderam na quarta-feira a greve que mantinha os barcos em terra há onze dias, depois de um"
        " acordo sobre o preço do gasóleo. O ministério aceitou pagar metade do aumento até ao fim do ano."
    )
    assert judge_language(text, ("gl",)) == Languages("pt", "gl", "pt")


def test_a_declared_language_that_cannot_be_detected_stands() -> None:
    maori = "I whakatuwheratia te wāpu hou i te taone i te ata o te Mane, ā, i tae mai ngā tāngata maha ki te titiro."
    assert judge_language(maori, ("mi",)).language == "mi"


@pytest.mark.parametrize("tag", ["und", "mul", "zxx", "1234", "<script>", "e"])
def test_what_is_no_language_is_not_declared(tag: str) -> None:
    assert judge_language(TEXTS["en"], (tag,)).declared is None
