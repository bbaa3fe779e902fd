"""What the company writes: posts, pages and guides."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

from typing import Final

from dmart_tui.core.demo import media
from dmart_tui.core.demo.words import tr

# shortname, English, Arabic, Kurdish title, stem of the product it speaks of, Markdown, and pairs of a sentence and what it became
POSTS: Final = (
    ("why_batteries_hate_august", "Why batteries hate August", "لماذا تكره البطاريات شهر آب", "بۆچی باتری ڕقی لە مانگی ئابە", "battery",
     "# Why batteries hate August\n\nA lithium battery lives longest between **15 and 25 °C**. On a roof in Basra it is 60 °C at noon.\n\n## What to do\n\n1. Put it in a shaded room with a vent.\n2. Leave a hand's width of air on each side.\n3. Let the inverter stop charging above 45 °C.\n\n> A battery kept cool lasts about twice as long.\n\nOur shops lend a thermometer for a week, free of charge.",
     (("On a roof in Basra it is 60 °C at noon.", "On a roof in Basra we measured 63 °C at noon, in a closed room 38 °C."), ("about twice as long", "four to five years longer"))),
    ("choosing_a_generator", "Choosing a generator", "اختيار المولدة المناسبة", "هەڵبژاردنی موەلیدە", "generator",
     "# Choosing a generator\n\nAdd up what runs **at the same time**, then add a third.\n\n| Place | Typical load | Size |\n|---|---:|---:|\n| Bakery | 18 kW | 25 kVA |\n| Clinic | 30 kW | 50 kVA |\n| School | 60 kW | 100 kVA |\n\nA generator that is too large burns more fuel and wears faster.\n\nChange the oil every 200 hours.",
     (("Change the oil every 200 hours.", "Change the oil every 250 hours, in dusty months every 150."), ("then add a third", "then add a quarter for growth"))),
    ("wifi_in_thick_walls", "Wi-Fi in thick walls", "الواي فاي خلف الجدران السميكة", "وای-فای لە دیواری ئەستووردا", "router",
     "# Wi-Fi in thick walls\n\nOld houses in Erbil have walls of 60 cm. One router in the hall will not reach the guest room.\n\n- Run **one cable** to each floor.\n- Hang the access point in the stairwell.\n- Use channel 1, 6 or 11 and nothing between.\n\n```\nrouter --- switch --- access point (floor 1)\n              \\--- access point (floor 2)\n```\n",
     (("Use channel 1, 6 or 11 and nothing between.", "Let the access point choose the channel; fix it only when neighbours complain."),)),
    ("pump_and_well", "The pump and the well", "المضخة والبئر", "پەمپ و بیر", "pump",
     "# The pump and the well\n\nWater in the plain sinks by half a metre a year. A pump set for last year's level **runs dry** and burns.\n\nMeasure each spring:\n\n1. the depth of the water at rest,\n2. the depth after an hour of pumping.\n\nThe difference tells which pump you need.",
     (("Measure each spring:", "Measure each spring and each autumn:"),)),
    ("fibre_for_farms", "Fibre for farms", "الألياف الضوئية للمزارع", "فایبەر بۆ کێڵگەکان", "patch",
     "# Fibre for farms\n\nA farm five kilometres from the road has two choices: a wireless bridge, cheap and sensitive to dust, or fibre along the canal.\n\n*We have built eleven of each.* After two years the fibre has had one fault, the bridges thirty.",
     (("the bridges thirty", "the bridges forty-one, most of them in sandstorms"),)),
    ("safety_on_the_ladder", "Safety on the ladder", "السلامة على السلّم", "سەلامەتی لەسەر پەیژە", "ladder",
     "# السلامة على السلّم\n\n- افحص السلّم قبل كل استعمال.\n- زاوية الميل: متر واحد لكل أربعة أمتار.\n- لا تصعد إلى آخر درجتين.\n- يجب أن يمسك زميل بالسلّم في الأيام العاصفة.\n\nالحادث الأكثر شيوعًا عندنا هو **النزول السريع**.",
     (("افحص السلّم قبل كل استعمال.", "افحص السلّم قبل كل استعمال وسجّل الفحص في البطاقة."),)),
    ("solar_for_schools", "Sun for fifty schools", "الشمس لخمسين مدرسة", "خۆر بۆ پەنجا قوتابخانە", "panel",
     "# خۆر بۆ پەنجا قوتابخانە\n\nئەمساڵ پانێڵی خۆر بۆ **پەنجا قوتابخانە** دادەنێین. هەر قوتابخانەیەک:\n\n1. دوانزە پانێڵ،\n2. ئینڤێرتەرێکی پێنج کیلۆوات،\n3. باتریەکی دە کیلۆوات کاتژمێر وەردەگرێت.\n\nقوتابیان خۆیان ژماردنی وزە فێر دەبن.",
     (("پەنجا قوتابخانە** دادەنێین", "پەنجا و دوو قوتابخانە** دادەنێین"),)),
    ("returns_made_simple", "Returns made simple", "الإرجاع صار أسهل", "گەڕاندنەوە ئاسانتر بوو", "drill",
     "# Returns made simple\n\nFrom the first of June goods come back in three steps: **ask**, **bring**, **get your money**.\n\nNo form, no stamp. The receipt on your phone is enough.\n\nReturns within 14 days are free.",
     (("Returns within 14 days are free.", "Returns within 30 days are free."), ("No form, no stamp.", "No form, no stamp, no questions."))),
    ("cable_colours", "What the colours of a cable mean", "ماذا تعني ألوان الكيبل", "ڕەنگی کێبڵ مانای چییە", "copper",
     "# What the colours of a cable mean\n\n| Colour | Old houses | New houses |\n|---|---|---|\n| red | phase | - |\n| black | neutral | phase 2 |\n| blue | phase | **neutral** |\n| green-yellow | earth | earth |\n\n**Never trust a colour.** Measure.",
     (("Measure.", "Measure, with two instruments."),)),
    ("our_new_dock", "Our new dock in Basra", "رصيفنا الجديد في البصرة", "بەندەرە نوێیەکەمان لە بەسرە", "copper",
     "# رصيفنا الجديد في البصرة\n\nافتُتح الرصيف الرابع هذا الأسبوع. صار تفريغ الحاوية يستغرق **ساعتين** بدل خمس.\n\nشكرًا لفريق المستودع الذي عمل في الحر.",
     (("**ساعتين** بدل خمس", "**ساعة ونصفًا** بدل خمس"),)),
)  # fmt: skip

TEARDOWN: Final = """\
# Inside a surge protector

We opened three that had *done their duty* and three that had not.

![The board](board.png)

## What we found

- In the good ones the **varistor** is the size of a coin.
- In the bad ones it is the size of a lentil, or missing.

Ask to see the back of the box: it must name the energy in joules.
"""

HANDBOOK: Final = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Nalvand handbook</title></head>
<body>
  <h1>Handbook</h1>
  <p>Welcome. Work begins at <b>08:00</b> in Erbil and Basra, at <b>09:00</b> in Dubai.</p>
  <h2>Leave</h2>
  <ul><li>24 days a year</li><li>Newroz and both Eids are free</li></ul>
  <table border="1"><tr><th>City</th><th>Phone</th></tr><tr><td>Erbil</td><td>210</td></tr></table>
  <p dir="rtl">أهلًا وسهلًا بكم في شركة نالفاند للتجهيز.</p>
</body>
</html>
"""

SIZING: Final = '''\
"""How many panels does a house need? Used by the shops; ask Lana before you change it."""

from dataclasses import dataclass

SUN_HOURS = {"erbil": 5.4, "basra": 5.9, "dubai": 6.1}


@dataclass
class Load:
    name: str
    watts: float
    hours: float

    @property
    def daily(self) -> float:
        return self.watts * self.hours / 1000


def panels_needed(loads: list[Load], city: str, panel_watts: int = 550) -> int:
    """Round up: nobody complains about one panel too many."""
    needed = sum(load.daily for load in loads) * 1.25
    return -(-int(needed * 1000) // int(panel_watts * SUN_HOURS[city]))


if __name__ == "__main__":
    house = [Load("fridge", 120, 24), Load("cooler", 900, 8), Load("lights", 80, 6)]
    print(panels_needed(house, "erbil"))
'''

RUNBOOK: Final = """\
Runbook: power cut in the warehouse

1. The generator starts by itself after 12 seconds. If not: key in the red box, left of dock 2.
2. Ring the keeper on call (extension 310).
3. Scanners keep 8 hours of data. Do NOT switch them off.
4. Cold room: open the door as little as you can.

دليل انقطاع الكهرباء: اتصل بالمناوب على الرقم 310.
ڕێنمایی بڕانی کارەبا: پەیوەندی بە ئێشکگر بکە، ژمارە ٣١٠.
"""

# folder, shortname, content type, extension (none: inline), body, title
FILES: Final[tuple[tuple[str, str, str, str, bytes | str, dict[str, str]], ...]] = (
    ("pages", "handbook", "html", "html", HANDBOOK.encode(), tr("Handbook", "دليل الموظف", "ڕێنمای کارمەند")),
    ("pages", "about", "html", "", "<h1>Nalvand Supply</h1><p>Hardware, sun and water since 2009.</p>", tr("About us", "من نحن", "دەربارەی ئێمە")),
    ("pages", "logo", "image", "png", media.logo(), tr("Logo", "الشعار", "لۆگۆ")),
    ("guides", "surge_protectors", "markdown", "md", TEARDOWN.encode(), tr("Inside a surge protector")),
    ("guides", "sizing", "python", "py", SIZING.encode(), tr("Sizing a solar system", "حساب منظومة شمسية", "ژماردنی سیستەمی خۆر")),
    ("guides", "power_cut", "text", "txt", RUNBOOK.encode(), tr("Power cut", "انقطاع الكهرباء", "بڕانی کارەبا")),
    ("guides", "phone_greeting", "text", "", "Nalvand Supply, good morning. صباح الخير. بەیانیت باش.", tr("How we answer the phone")),
    ("guides", "hold_music", "audio", "wav", media.chime((523, 659, 784, 1046, 784, 659)), tr("Hold music", "موسيقى الانتظار")),
    ("guides", "warranty", "pdf", "pdf", media.pdf(("Warranty", "", "Two years on tools, three on solar.", "Bring the receipt.")),
     tr("Warranty terms", "شروط الضمان", "مەرجەکانی گەرەنتی")),
)  # fmt: skip
