"""Tables of the support space: customers, workflows, and what goes wrong with the goods."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

from typing import Final

# kind: English, Arabic, Kurdish
KINDS: Final = {
    "bakery": ("Bakery", "مخبز", "نانەواخانەی"),
    "clinic": ("Clinic", "عيادة", "کلینیکی"),
    "school": ("School", "مدرسة", "قوتابخانەی"),
    "hotel": ("Hotel", "فندق", "هوتێلی"),
    "farm": ("Farm", "مزرعة", "کێڵگەی"),
    "pharmacy": ("Pharmacy", "صيدلية", "دەرمانخانەی"),
    "workshop": ("Workshop", "ورشة", "کارگەی"),
    "cafe": ("Café", "مقهى", "چایخانەی"),
}
# shortname, English, Arabic, Kurdish
NAMES: Final = (
    ("nergiz", "Nergiz", "نرجس", "نێرگز"),
    ("sirwan", "Sirwan", "سيروان", "سیروان"),
    ("najma", "Najma", "النجمة", "ئەستێرە"),
    ("baran", "Baran", "باران", "باران"),
    ("nakhla", "Nakhla", "النخلة", "دارخورما"),
    ("hewa", "Hewa", "هيوا", "هیوا"),
    ("minara", "Minara", "المنارة", "منارە"),
    ("shatt", "Shatt", "الشط", "شەت"),
    ("zozan", "Zozan", "زوزان", "زۆزان"),
    ("yasmin", "Yasmin", "الياسمين", "یاسەمین"),
)

# stem of the product, English, Arabic, Kurdish, what the customer says in each language
PROBLEMS: Final = (
    ("inverter", "Inverter shows error 27", "العاكس يعرض الخطأ 27", "ئینڤێرتەر هەڵەی ٢٧ پیشان دەدات", "The display shows *error 27* every day at noon and the house loses power for a minute.", "تظهر رسالة الخطأ 27 يوميًا عند الظهر وتنقطع الكهرباء دقيقة.", "هەموو ڕۆژێک نیوەڕۆ هەڵەی ٢٧ دەردەکەوێت و کارەبا بۆ خولەکێک دەبڕێت."),
    ("panel", "Two panels give half the power", "لوحان يعطيان نصف القدرة", "دوو پانێڵ نیوەی توانا دەدەن", "Two of twelve panels give half of what their neighbours give. They are clean.", "لوحان من أصل اثني عشر يعطيان نصف ما تعطيه البقية، وهما نظيفان.", "دوو پانێڵ لە دوانزە پانێڵ نیوەی ئەوانی تر دەدەن، پاکیشن."),
    ("battery", "Battery stops at 40 %", "البطارية تتوقف عند 40٪", "باتری لە ٤٠٪ دەوەستێت", "Charging stops at 40 % since the last firmware.", "يتوقف الشحن عند 40٪ منذ آخر تحديث.", "لە دوایین نوێکردنەوەوە بارگاویکردن لە ٤٠٪ دەوەستێت."),
    ("router", "Wi-Fi drops in the evening", "ينقطع الواي فاي مساءً", "وای-فای ئێواران دەپچڕێت", "From eight in the evening phones lose the network every few minutes.", "من الثامنة مساءً تفقد الهواتف الشبكة كل بضع دقائق.", "لە هەشتی ئێوارەوە مۆبایلەکان هەر چەند خولەکێک تۆڕ لەدەست دەدەن."),
    ("switch", "Ports 5 to 8 are dead", "المنافذ من 5 إلى 8 لا تعمل", "پۆرتی ٥ تا ٨ کار ناکەن", "After the storm ports 5 to 8 do not light up.", "بعد العاصفة لا تضيء المنافذ من 5 إلى 8.", "دوای گەردەلوولەکە پۆرتی ٥ تا ٨ داناگیرسێن."),
    ("generator", "Generator smokes at start", "المولدة تدخن عند التشغيل", "موەلیدە لە کاتی پێکردندا دووکەڵ دەکات", "Black smoke for five minutes after each cold start.", "دخان أسود لخمس دقائق بعد كل تشغيل بارد.", "دوای هەر پێکردنێکی سارد پێنج خولەک دووکەڵی ڕەش دەکات."),
    ("ups", "UPS beeps without load", "جهاز UPS يصفر بلا حمل", "یو پی ئێس بەبێ بار دەنگ دەدات", "It beeps all night though nothing is plugged in.", "يصفر طوال الليل مع أنه لا يوجد شيء موصول به.", "هەموو شەو دەنگ دەدات، کەچی هیچی پێوە نەبەستراوە."),
    ("pump", "Pump runs dry", "المضخة تعمل دون ماء", "پەمپ بەبێ ئاو کار دەکات", "The float does not switch it off; we stop it by hand.", "العوامة لا توقف المضخة، نوقفها باليد.", "تۆپەڵەکە نایکوژێنێتەوە، بە دەست دەیوەستێنین."),
    ("tank", "Lid missing on delivery", "الغطاء مفقود عند التسليم", "سەرپۆشەکە لە گەیاندندا نەبوو", "The tank came without its lid and filter.", "وصل الخزان دون غطائه ومصفاته.", "تانکیەکە بەبێ سەرپۆش و فلتەر گەیشت."),
    ("drill", "Second battery missing", "البطارية الثانية مفقودة", "باتری دووەم نییە", "The case has room for two batteries; there was one.", "في الحقيبة مكان لبطاريتين، وكانت فيها واحدة.", "لە جانتاکەدا شوێنی دوو باتری هەیە، یەکێکی تێدا بوو."),
    ("bridge", "Link too slow in dust", "الوصلة بطيئة في الغبار", "بەستەرەکە لە تۆزدا خاوە", "On dusty days the link falls to 6 Mbit/s.", "في أيام الغبار تهبط السرعة إلى 6 ميغابت.", "لە ڕۆژانی تۆزاویدا خێرایی دادەبەزێت بۆ ٦ مێگابت."),
    ("copper", "Drum is 4 m short", "البكرة تنقص 4 أمتار", "قەرقەرەکە ٤ مەتر کەمە", "We measured twice: 96 m.", "قسناها مرتين: 96 مترًا.", "دوو جار پێوامان: ٩٦ مەتر."),
)  # fmt: skip

# What agents and customers write under a case, by language.
REMARKS: Final = {
    "english": ("Called back, the customer will send the serial number.", "A technician visits tomorrow morning.", "Part ordered, two days.", "Reproduced in the lab: the fan sensor is loose.", "Thank you, it works again."),
    "arabic": ("اتصلنا بالزبون وسيرسل الرقم التسلسلي.", "سيزور الفني الموقع صباح الغد.", "طُلبت القطعة، تصل خلال يومين.", "شكرًا، عاد الجهاز إلى العمل.", "الرجاء إرسال صورة للشاشة."),
    "kurdish": ("پەیوەندیمان پێوە کرد، ژمارەی زنجیرەیی دەنێرێت.", "بەیانی تەکنیککار سەردان دەکات.", "پارچەکە داواکرا، دوو ڕۆژی دەوێت.", "سوپاس، دووبارە کار دەکات.", "تکایە وێنەی شاشەکە بنێرە."),
}  # fmt: skip

CASE_FLOW: Final = {
    "name": "Support case",
    "illustration": "From the first call to the last signature",
    "initial_state": [{"name": "new", "roles": ["default"]}],
    "states": [
        {"name": "New", "state": "new", "next": [
            {"roles": ["support_agent", "support_lead"], "action": "triage", "state": "triaged"},
            {"roles": ["support_lead"], "action": "reject", "state": "rejected"},
        ]},
        {"name": "Triaged", "state": "triaged", "next": [
            {"roles": ["support_agent", "support_lead"], "action": "start", "state": "in_progress"},
        ]},
        {"name": "In progress", "state": "in_progress", "next": [
            {"roles": ["support_agent", "support_lead"], "action": "ask", "state": "waiting"},
            {"roles": ["support_agent", "support_lead"], "action": "resolve", "state": "resolved", "resolution_required": True},
        ]},
        {"name": "Waiting for the customer", "state": "waiting", "next": [
            {"roles": ["support_agent", "support_lead"], "action": "resume", "state": "in_progress"},
            {"roles": ["support_lead"], "action": "give_up", "state": "resolved"},
        ]},
        {"name": "Resolved", "state": "resolved", "next": [
            {"roles": ["support_lead"], "action": "close", "state": "closed"},
            {"roles": ["support_agent"], "action": "reopen", "state": "in_progress"},
        ], "resolutions": [
            {"key": "solved", "en": "Solved", "ar": "حُلّت", "ku": "چارەسەر کرا"},
            {"key": "duplicate", "en": "Duplicate", "ar": "مكررة", "ku": "دووبارەیە"},
            {"key": "not_ours", "en": "Not our product", "ar": "ليس منتجنا", "ku": "بەرهەمی ئێمە نییە"},
            {"key": "no_answer", "en": "No answer", "ar": "لا جواب", "ku": "وەڵام نەبوو"},
        ]},
        {"name": "Closed", "state": "closed"},
        {"name": "Rejected", "state": "rejected", "resolutions": ["not_ours", "duplicate"]},
    ],
}  # fmt: skip
# The way of a case through it: action, state after it, resolution given.
CASE_PATH: Final = (
    ("triage", "triaged", ""), ("start", "in_progress", ""), ("ask", "waiting", ""), ("resume", "in_progress", ""),
    ("resolve", "resolved", "solved"), ("close", "closed", ""),
)  # fmt: skip
CASE_SHORT: Final = (
    ("triage", "triaged", ""),
    ("start", "in_progress", ""),
    ("resolve", "resolved", "duplicate"),
    ("close", "closed", ""),
)
CASE_REJECTED: Final = (("reject", "rejected", "not_ours"),)

RETURN_FLOW: Final = {
    "name": "Return of goods",
    "illustration": "Goods that come back",
    "initial_state": [{"name": "requested", "roles": ["default"]}],
    "states": [
        {"name": "Requested", "state": "requested", "next": [
            {"roles": ["support_agent"], "action": "approve", "state": "approved"},
            {"roles": ["support_lead"], "action": "decline", "state": "declined"},
        ]},
        {"name": "Approved", "state": "approved", "next": [{"roles": ["warehouse"], "action": "receive", "state": "received"}]},
        {"name": "Received", "state": "received", "next": [{"roles": ["support_lead"], "action": "refund", "state": "refunded"}]},
        {"name": "Refunded", "state": "refunded", "resolutions": ["money_back", "exchanged"]},
        {"name": "Declined", "state": "declined", "resolutions": ["out_of_warranty"]},
    ],
}  # fmt: skip
RETURN_PATH: Final = (("approve", "approved", ""), ("receive", "received", ""), ("refund", "refunded", "money_back"))
RETURN_DECLINED: Final = (("decline", "declined", "out_of_warranty"),)
CLOSED: Final = frozenset({"closed", "rejected", "refunded", "declined"})
