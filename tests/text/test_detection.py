"""Detecting encodings: sentences of our own in sixteen encodings, in files of four shapes."""

from __future__ import annotations

import pytest

from stance.text.decoding import detect_encoding

TEXTS = {
    "fr-cp1252": (
        "Le président a déclaré à Genève que la Chine était prête à négocier, mais les États-Unis ont refusé."
        " Où est l'intérêt général ? Ça n'a pas d'importance, même à présent."
    ),
    "de-cp1252": (
        "Der Präsident erklärte in München, daß die NATO für größere Übungen bereit sei; die Verbündeten hörten zu."
    ),
    "es-cp1252": (
        "El señor ministro habló del compromiso español con la OTAN y añadió que mañana habrá más reuniones en España."
    ),
    "en-cp1252": (
        "“NATO has never been stronger,” the minister said – and Beijing’s answer came within hours… It wasn’t polite."
    ),
    "en1-cp1252": "Beijing’s answer came.",
    "pl-cp1250": (
        "Minister powiedział, że sojusz północnoatlantycki będzie wzmacniał wschodnią flankę, a Stany "
        "Zjednoczone zwiększą obecność żołnierzy."
    ),
    "cs-cp1250": (
        "Předseda vlády řekl, že Čína není spolehlivý partner a že Severoatlantická aliance zůstává základem "
        "naší bezpečnosti."
    ),
    "tr-cp1254": (
        "Cumhurbaşkanı Erdoğan, NATO'nun genişlemesi için İsveç'in verdiği sözleri tutması gerektiğini "
        "söyledi; Çin ise sessiz kaldı."
    ),
    "ru-cp1251": (
        "Президент заявил, что расширение НАТО угрожает безопасности страны, а Китай остаётся надёжным партнёром."
    ),
    "el-cp1253": "Ο πρωθυπουργός δήλωσε ότι η συμμαχία παραμένει ισχυρή και ότι η Κίνα είναι σημαντικός εταίρος.",
    "zh-gb18030": "中国外交部发言人表示，北约是冷战产物，应当反思自身的责任。美国应停止干涉。",
    "tw-big5": "國防部表示，美國的支持對區域和平十分重要，並呼籲各方保持克制。",
    "ja-shift_jis": "首相は記者会見で、北大西洋条約機構との協力を強化すると述べた。中国は反発した。",
    "ja-euc_jp": "首相は記者会見で、北大西洋条約機構との協力を強化すると述べた。中国は反発した。",
    "ko-cp949": "대통령은 나토 정상회의에서 미국과의 동맹을 강조하였으며 중국과의 관계도 언급했다.",
    "ar-cp1256": "قال الوزير إن حلف شمال الأطلسي يوسع وجوده في المنطقة وإن الصين تتابع ذلك بقلق.",
}

SHAPES = {
    "a sentence": "{}",
    "a text": "{0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0} {0}",
    "a table": "id,text\n" + "".join(f'{number},"{{0}}"\n' for number in range(30)),
    "in English": "The minister met the press on Friday, and the alliance published a long statement. " * 30 + "{}",
}
MISREAD = {
    ("cs-cp1250", "in English"): "one Czech sentence in an English text reads as well in cp1252",
    ("tr-cp1254", "in English"): "so does a Turkish one",
    ("tr-cp1254", "a table"): "Turkish letters are those of cp1257, too",
    ("ru-cp1251", "in English"): "charset-normalizer finds nothing but Latin in so little",
    ("el-cp1253", "in English"): "the same",
}
"""What is known to go wrong; it is reported as a warning, like every detection."""


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TEXTS)
def test_detected_encoding_gives_the_text_again(name: str, shape: str, request: pytest.FixtureRequest) -> None:
    if (name, shape) in MISREAD:
        request.applymarker(pytest.mark.xfail(reason=MISREAD[name, shape], strict=True))
    text = SHAPES[shape].format(TEXTS[name])
    data = text.encode(name.partition("-")[2])
    assert data.decode(detect_encoding(data, "a.txt")) == text
