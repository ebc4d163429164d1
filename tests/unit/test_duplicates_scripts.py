"""Copies in scripts without spaces and in right-to-left scripts: found, proved, and told from other reports.

Every event, person and place is invented. Edits replace phrases as a desk does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from monitor.dedup.candidates import choose_candidates
from monitor.dedup.fingerprint import fingerprint
from monitor.dedup.matching import Candidate, compare, decide_duplicate
from monitor.types import ArticleId, DuplicateLink

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Texts:
    """A report, what a desk changed in it, and another outlet's own report on the same event."""

    language: str
    report: tuple[str, ...]
    changes: tuple[tuple[str, str], ...]
    agency: str
    own: str


CHINESE = Texts(
    "zh",
    (
        "青河市政府周二宣布，将在三年内投资四十二亿元扩建城北污水处理厂，以解决雨季河水倒灌造成的污染问题。",
        "市长林若山在新闻发布会上说，新厂每天可以处理六十万吨污水，建成后下游十七个村庄的饮用水源将得到保护。",
        "根据环保部门公布的数据，去年七月的暴雨曾使三百多户居民家中进水，两座泵站停止运转达十一个小时。",
        "居民代表赵文秀表示，大家等这项工程已经等了八年，希望施工期间不要再封闭滨河路。",
        "工程将于六月开工，第一期预计在后年年底投入使用，所需资金由市财政和省环保基金共同承担。",
    ),
    (("周二宣布", "3日宣布"), ("居民代表赵文秀表示", "居民赵文秀说"), ("预计在后年年底", "有望在后年底")),
    "（北方社青河电）",
    "城北污水处理厂门口的早点摊上，老板娘一边炸油条一边抱怨气味。她说夏天的时候顾客坐不住，生意少了一半。"
    "听说市里要花四十多亿元改造，她摇摇头：钱花在哪里，味道先"
    "散了再说。附近中学的老师告诉记者，学校去年装了两层窗户。"
    "工程师何景明在现场解释，旧设备是二十年前从国外买来的，零件早已停产，只能靠工人自己打磨。"
    "他认为真正的难题不在厂里，而在老城区的管道：雨水和污水至今走的是同一条沟。",
)
JAPANESE = Texts(
    "ja",
    (
        (
            "白瀬県は三日、老朽化した海沿いの県道十二キロについて、"
            "来年度から五年かけて内陸側に付け替える計画を発表した。"
        ),
        "県道は昨年九月の台風で三か所が崩れ、沿線の四つの集落が六日間にわたって孤立した。",
        "総事業費は二百八十億円で、このうち半分を国の補助金でまかなう方針だという。",
        "大谷知事は記者会見で「同じ場所を直し続けるのは限界だ。住民が安心して暮らせる道を造りたい」と述べた。",
        "一方、移転の対象となる四十七世帯への説明会は来月から始まり、県は年内の合意を目指している。",
    ),
    (("三日、", "三日午後、"), ("という。", "としている。"), ("一方、移転の", "移転の")),
    "【白瀬共同】",
    "波の音で目を覚ますのが好きだったと、漁師の浜口さんは言"
    "う。家の前の道路が崩れた夜、孫を背負って裏山を登った。"
    "県道を山側へ移す話が出て、集落の寄り合いは夜中まで続いた。賛成も反対も、最後には黙り込んだ。"
    "小学校の校長は、通学バスの時間が十五分短くなると期待す"
    "る。民宿の女将は、海の見えない道に客は来ないと話した。"
    "道路の歴史を調べる郷土史家によれば、昭和の初めにも一度、同じ計画が立てられて消えたそうだ。",
)
THAI = Texts(
    "th",
    (
        ("เทศบาลเมืองบางศิลาประกาศเมื่อวันอังคารว่าจะปิดสะพานข้ามแม่น้ำสายหลักเป็นเวลาสี่เดือนเพื่อซ่อมแซมเสาตอม่อที่แตกร้าว"),
        "นายกเทศมนตรีสมพร วังทองกล่าวว่าวิศวกรพบรอยร้าวยาวเก้าสิบเซนติเมตรระหว่างการตรวจสอบประจำปี",
        "รถบรรทุกกว่าหกพันคันต่อวันจะต้องใช้เส้นทางอ้อมผ่านอำเภอหนองคู ซึ่งไกลขึ้นห้าสิบสองกิโลเมตร",
        "ค่าซ่อมแซมประมาณสองร้อยสามสิบล้านบาทจะมาจากงบประมาณของจังหวัด",
        "เจ้าของร้านค้าริมแม่น้ำขอให้เทศบาลจัดเรือข้ามฟากให้ประชาชนโดยไม่คิดค่าโดยสาร",
    ),
    (("เมื่อวันอังคาร", "วันนี้"), ("ประมาณสองร้อย", "ราวสองร้อย"), ("ขอให้เทศบาล", "เรียกร้องให้เทศบาล")),
    "บางศิลา (สำนักข่าวเหนือ) - ",
    "แม่ค้าขายปลาที่เชิงสะพานเก็บแผงตั้งแต่เช้ามืด เธอบอกว่าลูกค้าหายไปเกินครึ่งตั้งแต่มีข่าวเรื่องรอยร้าว "
    "เด็กนักเรียนสองคนเดินลงเรือพายของลุงที่ไม่เคยรับผู้โดยสารมาก่อน ลุงคิดเงินคนละห้าบาทและไม่รับทิป "
    "อาจารย์ด้านวิศวกรรมโยธาให้สัมภาษณ์ว่าสะพานรุ่นเดียวกันทั่วประเทศควรได้รับการตรวจก่อนฤดูฝน "
    "ส่วนคนขับรถบรรทุกบ่นว่าน้ำมันแพงขึ้นทุกวันและไม่มีใครถามความเห็นของพวกเขาเลย",
)
ARABIC = Texts(
    "ar",
    (
        (
            "أعلنت بلدية مرسى النخيل يوم الثلاثاء إغلاق الميناء القديم لمدة ثلاثة "
            "أشهر من أجل ترميم الرصيف الذي تضرر في عاصفة الشتاء الماضي."
        ),
        (
            "وقال رئيس البلدية سالم الحداد إن الأعمال ستكلف سبعة عشر مليون "
            "دينار وإن مئة وأربعين صيادا سيحصلون على تعويض شهري."
        ),
        "وأضاف أن قوارب الصيد ستنتقل مؤقتا إلى مرفأ العين الواقع على بعد تسعة كيلومترات إلى الجنوب.",
        ("وكانت العاصفة قد أغرقت ستة قوارب وألحقت أضرارا بسوق السمك، وفق تقرير نشرته إدارة الموانئ في كانون الثاني."),
        "ومن المقرر أن تبدأ الأعمال في الأول من نيسان وأن يعاد فتح الرصيف قبل بداية موسم الصيف.",
    ),
    (("يوم الثلاثاء", "أمس الثلاثاء"), ("وأضاف أن", "وأوضح أن"), ("ومن المقرر أن", "ومن المتوقع أن")),
    "مرسى النخيل (وكالة الشمال) - ",
    "يجلس أبو يوسف على شبكة ممزقة ويعد القوارب التي بقيت في الماء. يقول "
    "إن البحر أكرم من الموظفين، وإن ابنه رحل إلى العاصمة "
    "بعد ليلة العاصفة ولم يرجع. في المقهى المجاور يتجادل الرجال حول "
    "الرصيف الجديد: بعضهم يخشى أن يتحول المكان إلى مرسى لليخوت، "
    "وبعضهم لا يصدق أن الأعمال ستبدأ أصلا. مهندسة شابة جاءت لتقيس عمق "
    "الماء قالت إن الصخور تحت السوق تتحرك منذ عشرين عاما.",
)
HEBREW = Texts(
    "he",
    (
        (
            "עיריית נוף ארנון הודיעה ביום שלישי כי תסגור את הספרייה המרכזית "
            "לחצי שנה לצורך שיפוץ הגג שקרס בחלקו בסופת ינואר."
        ),
        (
            "ראש העירייה תמר אלקיים אמרה כי העבודות יעלו עשרים ושלושה מיליון "
            "שקלים וכי שמונים אלף ספרים יועברו למחסן בפאתי העיר."
        ),
        "שני סניפים שכונתיים יאריכו את שעות הפתיחה שלהם עד עשר בלילה, וספרייה נודדת תבקר בבתי הספר פעם בשבוע.",
        "ועד העובדים טען כי ההנהלה ידעה על הסדקים כבר לפני שלוש שנים ולא עשתה דבר.",
        "לפי התכנית ייפתח הבניין מחדש בספטמבר, לקראת שנת הלימודים, עם אולם קריאה חדש לילדים.",
    ),
    (("ביום שלישי", "היום"), ("אמרה כי", "מסרה כי"), ("לפי התכנית ייפתח", "על פי התכנית ייפתח")),
    "נוף ארנון (סוכנות הצפון) - ",
    "הספרנית רות עומדת בין ארגזים וסופרת בלחש. ארבעים שנה עבדה כאן, והיא זוכרת את הגג מטפטף עוד בחורף הראשון. "
    "נערים שבאו להתכונן לבחינות מצאו דלת נעולה והתיישבו על המדרגות עם מחשבים. אחד מהם אמר שבבית אין לו שולחן. "
    "אדריכל שתכנן בניינים דומים מסביר שהבעיה היא בבטון של אותן "
    "שנים, ושבעיר יש עוד שלושה מבנים כאלה שאיש לא בדק.",
)
PERSIAN = Texts(
    "fa",
    (
        (
            "شهرداری سروستان‌کوه روز سه‌شنبه اعلام کرد خط دوم اتوبوس برقی شهر "
            "از ابتدای تیر با هجده دستگاه اتوبوس راه‌اندازی می‌شود."
        ),
        (
            "رضا کیانفر، شهردار، در نشست خبری گفت این خط روزانه سی و پنج "
            "هزار مسافر را میان بازار و دانشگاه جابه‌جا خواهد کرد."
        ),
        "به گفته او هزینه طرح ششصد میلیارد تومان است که نیمی از آن را دولت می‌پردازد.",
        "شورای شهر پیش از این از تاخیر دو ساله طرح و نبود ایستگاه شارژ کافی انتقاد کرده بود.",
        "قرار است بهای بلیت تا پایان سال ثابت بماند و دانشجویان نیم‌بها سوار شوند.",
    ),
    (("روز سه‌شنبه اعلام کرد", "اعلام کرد"), ("به گفته او", "به گفته کیانفر"), ("قرار است بهای", "بهای")),
    "سروستان‌کوه (خبرگزاری شمال) - ",
    "راننده‌ای که بیست سال با اتوبوس گازوئیلی کار کرده است می‌گوید از "
    "صدای آرام ماشین تازه می‌ترسد، چون عابران آن را نمی‌شنوند. "
    "زن فروشنده‌ای در ایستگاه بازار امیدوار است هوا تمیزتر شود تا "
    "پارچه‌هایش سیاه نشوند. استاد حمل و نقل دانشگاه اما هشدار می‌دهد "
    "که بدون مسیر ویژه، اتوبوس برقی هم پشت همان چراغ قرمز می‌ماند. "
    "دانشجویان نظرسنجی کرده‌اند و بیشترشان دوچرخه می‌خواهند.",
)
LANGUAGES = [CHINESE, JAPANESE, THAI, ARABIC, HEBREW, PERSIAN]
each_language = pytest.mark.parametrize("texts", LANGUAGES, ids=[texts.language for texts in LANGUAGES])


def candidate(number: int, text: str, texts: Texts, ignore: tuple[str, ...] = ()) -> Candidate:
    return Candidate(
        article_id=ArticleId(number),
        fingerprint=fingerprint(text, ignore, texts.language),
        title="",
        source=f"outlet{number}.example",
        family=f"outlet{number}",
        first_seen_at=START + timedelta(hours=number),
        text=text,
    )


def is_found_copy(original: Candidate, other: Candidate) -> bool:
    """Through the index and by the verdict."""
    stored = set(original.fingerprint.bands)
    rows = [(band, original.article_id) for band in other.fingerprint.bands if band in stored]
    return choose_candidates(rows) == [original.article_id] and isinstance(
        decide_duplicate(other, original), DuplicateLink
    )


def edited(texts: Texts) -> str:
    text = "\n".join(texts.report)
    for old, new in texts.changes:
        assert old in text
        text = text.replace(old, new)
    return text


@each_language
def test_a_copy_behind_an_agency_line_is_found(texts: Texts) -> None:
    report = "\n".join(texts.report)
    copy = texts.agency + report
    assert is_found_copy(candidate(1, report, texts), candidate(2, copy, texts))
    named = candidate(2, copy, texts, (texts.agency.rstrip(" -"),))
    assert named.fingerprint.text_hash == fingerprint(report).text_hash


@each_language
def test_an_abridged_copy_is_found(texts: Texts) -> None:
    report = candidate(1, "\n".join(texts.report), texts)
    assert is_found_copy(report, candidate(2, "\n".join(texts.report[:2]), texts))


@each_language
def test_an_edited_copy_is_found(texts: Texts) -> None:
    report = candidate(1, "\n".join(texts.report), texts)
    assert is_found_copy(report, candidate(2, edited(texts), texts))


@each_language
def test_another_report_on_the_same_event_is_neither_a_copy_nor_a_rewrite(texts: Texts) -> None:
    report, own = candidate(1, "\n".join(texts.report), texts), candidate(2, texts.own, texts)
    assert compare(report.fingerprint, own.fingerprint).containment < 0.1
    assert decide_duplicate(report, own) is None


TEMPLATES = {
    "zh": (
        (
            "{0}气象台今天发布预报，白天多云转晴，最高气温{1}度，夜间最低气温{2}度，偏北风三到四级。"
            "明天受弱冷空气影响，{0}大部分地区有小雨，降水量{3}毫米左右，请市民出门携带雨具，注意交通安全。"
        ),
        ("青河", "18", "7", "5"),
        ("南屏", "26", "15", "12"),
    ),
    "ar": (
        (
            "تتوقع الأرصاد الجوية في {0} طقسا غائما جزئيا اليوم مع درجة حرارة "
            "عظمى تبلغ {1} درجة وصغرى تبلغ {2} درجات، ورياحا شمالية "
            "خفيفة إلى معتدلة السرعة. وتهطل الأمطار مساء في المناطق الجبلية من "
            "{0} بكميات تصل إلى {3} مليمترات، وينصح السائقون بالحذر."
        ),
        ("النخيل", "18", "7", "5"),
        ("الحداد", "26", "15", "12"),
    ),
}


@pytest.mark.parametrize("language", TEMPLATES)
def test_reports_after_one_template_stay_apart_without_capital_letters(language: str) -> None:
    template, here, there = TEMPLATES[language]
    a, b = (candidate(number, template.format(*values), CHINESE) for number, values in ((1, here), (2, there)))
    assert compare(a.fingerprint, b.fingerprint).containment > 0.4
    assert decide_duplicate(a, b) is None
