"""What the company sells and who supplies it, as tables."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

from typing import Final

# category: English, Arabic, Kurdish, icon
CATEGORIES: Final = {
    "solar": ("Solar", "الطاقة الشمسية", "وزەی خۆر", "sun"),
    "network": ("Network", "الشبكات", "تۆڕ", "wifi"),
    "power": ("Power", "الطاقة", "کارەبا", "bolt"),
    "cables": ("Cables", "الكيبلات", "کێبڵ", "plug"),
    "tools": ("Tools", "العِدد", "ئامێر", "hammer"),
    "water": ("Water", "المياه", "ئاو", "droplet"),
}

# category, shortname stem, sku letters, English, Arabic, Kurdish, sizes, price of the smallest in USD, what it is for
FAMILIES: Final = (
    ("solar", "panel", "PNL", "Solar panel {} W", "لوح شمسي {} واط", "پانێڵی خۆر {} وات", (330, 450, 550, 620), 84, "roofs and carports; the frame takes wind up to 150 km/h"),
    ("solar", "inverter", "INV", "Hybrid inverter {} kW", "عاكس هجين {} كيلوواط", "ئینڤێرتەری هایبرید {} کیلۆوات", (3, 5, 8, 10), 410, "homes and shops that switch between grid, generator and sun"),
    ("solar", "battery", "BAT", "Lithium battery {} kWh", "بطارية ليثيوم {} كيلوواط ساعة", "باتری لیسیۆم {} کیلۆوات کاتژمێر", (5, 10, 15), 890, "six thousand cycles; keep it below 45 °C"),
    ("solar", "charger", "CHG", "Charge controller {} A", "منظم شحن {} أمبير", "ڕێکخەری بارگاوی {} ئەمپێر", (20, 40, 60), 35, "small off-grid systems, pumps and cameras"),
    ("network", "patch", "PAT", "Fibre patch cord {} m", "سلك توصيل ألياف {} م", "وایەری فایبەر {} مەتر", (1, 3, 5, 10, 20), 3, "single mode, LC to SC, low loss"),
    ("network", "router", "RTR", "Wi-Fi router AX{}", "موجّه واي فاي AX{}", "ڕاوتەری وای-فای AX{}", (1800, 3000, 5400), 39, "flats and small offices"),
    ("network", "switch", "SWI", "PoE switch, {} ports", "محوّل شبكة PoE، عدد المنافذ {}", "سویچی PoE، {} پۆرت", (8, 16, 24), 75, "cameras, phones and access points"),
    ("network", "bridge", "BRG", "Wireless bridge {} km", "جسر لاسلكي {} كم", "پردی بێتەل {} کم", (5, 15, 30), 58, "farms and sites without fibre"),
    ("power", "generator", "GEN", "Diesel generator {} kVA", "مولدة ديزل {} كي في أي", "موەلیدەی دیزڵ {} کەی ڤی ئەی", (10, 25, 50, 100), 2400, "soundproof canopy, dual fuel filter for dusty places"),
    ("power", "ups", "UPS", "UPS {} VA", "مزود طاقة احتياطي {} فولت أمبير", "یو پی ئێس {} ڤی ئەی", (650, 1200, 2000, 3000), 48, "cash desks and servers"),
    ("power", "stabiliser", "STB", "Voltage stabiliser {} kVA", "منظم فولتية {} كي في أي", "ڕێکخەری ڤۆڵتیە {} کەی ڤی ئەی", (5, 10), 110, "input from 140 to 260 V"),
    ("cables", "copper", "COP", "Copper cable {} mm²", "كيبل نحاسي {} ملم²", "کێبڵی مس {} ملم²", (2, 4, 6, 10, 16), 26, "sold by the 100 m drum"),
    ("cables", "ethernet", "ETH", "Ethernet cable Cat6, {} m", "كيبل شبكة Cat6، {} م", "کێبڵی تۆڕ Cat6، {} مەتر", (100, 305), 31, "solid copper, indoor jacket"),
    ("cables", "tray", "TRY", "Cable tray {} cm", "حاملة كيبلات {} سم", "هەڵگری کێبڵ {} سم", (10, 20, 30), 7, "galvanised, in lengths of 3 m"),
    ("tools", "drill", "DRL", "Cordless drill {} V", "مثقاب لاسلكي {} فولت", "دریلی بێوایەر {} ڤۆڵت", (12, 18, 20), 52, "two batteries and a case"),
    ("tools", "splicer", "SPL", "Fusion splicer, {} motors", "جهاز لحام ألياف بـ {} محركات", "ئامێری لحیمی فایبەر، {} مۆتۆر", (4, 6), 940, "splices in eight seconds, heats in sixteen"),
    ("tools", "ladder", "LAD", "Ladder {} m", "سلّم {} م", "پەیژە {} مەتر", (3, 5, 7), 44, "fibreglass, safe beside live lines"),
    ("water", "pump", "PMP", "Water pump {} hp", "مضخة ماء {} حصان", "پەمپی ئاو {} ئەسپ", (1, 2, 3, 5), 66, "wells down to 80 m"),
    ("water", "tank", "TNK", "Water tank {} L", "خزان ماء {} لتر", "تانکی ئاو {} لیتر", (500, 1000, 2000, 5000), 38, "three layers, white, for roofs"),
    ("water", "valve", "VLV", "Pressure valve DN{}", "صمام ضغط DN{}", "ڤاڵڤی پەستان DN{}", (25, 40, 50), 12, "brass body, adjustable from 1 to 8 bar"),
)  # fmt: skip

# shortname, English, Arabic, Kurdish, country, city, lead time, categories
SUPPLIERS: Final = (
    ("helio_east", "Helio East Panels", "هيليو إيست للألواح", "هیلیۆ ئیست بۆ پانێڵ", "Türkiye", "Gaziantep", 18, "solar"),
    ("sunbridge", "Sunbridge Cells", "صن بريدج للخلايا", "سەنبریج بۆ خانەی خۆر", "China", "Wuxi", 55, "solar"),
    ("volta_marin", "Volta Marin", "فولتا مارين", "ڤۆڵتا مارین", "Italy", "Ancona", 40, "solar power"),
    ("ibex_link", "Ibex Link", "آيبكس لينك", "ئایبێکس لینک", "Taiwan", "Hsinchu", 48, "network"),
    ("bluewadi", "Blue Wadi Networks", "الوادي الأزرق للشبكات", "دۆڵی شین بۆ تۆڕ", "UAE", "Dubai", 7, "network"),
    ("fibrano", "Fibrano", "فيبرانو", "فیبرانۆ", "Portugal", "Aveiro", 35, "network cables"),
    ("dieselhaus", "Dieselhaus Nord", "ديزلهاوس نورد", "دیزڵهاوس نۆرد", "Germany", "Kiel", 60, "power"),
    ("keban_power", "Keban Power Works", "كيبان للطاقة", "کێبان بۆ کارەبا", "Türkiye", "Elazığ", 21, "power"),
    ("copperline", "Copperline Gulf", "خط النحاس الخليجي", "کۆپەرلاین", "Oman", "Sohar", 14, "cables"),
    ("tigris_cable", "Tigris Cable Mill", "معمل كيبلات الرافدين الجديد", "کارگەی کێبڵی دیجلە", "Iraq", "Baghdad", 4, "cables"),
    ("handfest", "Handfest Tools", "هاندفست للعدد", "هاندفێست بۆ ئامێر", "Austria", "Graz", 42, "tools"),
    ("ladderworks", "Ladderworks", "لادرووركس", "لادەروێرکس", "India", "Pune", 38, "tools"),
    ("zab_pumps", "Zab Pumps", "مضخات الزاب", "پەمپی زێ", "Iraq", "Erbil", 3, "water"),
    ("aqua_shatt", "Aqua Shatt", "أكوا شط", "ئاکوا شەت", "Iraq", "Basra", 3, "water"),
)  # fmt: skip

# First draft of each description, the sentence a colleague put right later, and the sentence it became.
REVISIONS: Final = (
    ("Delivery takes about a week.", "Delivery takes two working days in the city and five elsewhere."),
    ("Installation is not included.", "Installation is free within 30 km of a branch."),
    ("Ask the shop for a discount.", "From ten pieces the price is 5 % lower; from fifty, 8 %."),
    ("The box contains a manual.", "The box contains a manual in Arabic, English and Kurdish."),
    ("Check it before you sign.", "Open the box in front of the driver and check it before you sign."),
)
