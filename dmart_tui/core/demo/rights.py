"""Tables of the management space: people, permissions, roles, groups and announcements."""

# ruff: noqa: E501  (a row of a table stays on one line)
from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dmart_tui.core.demo.drafts import Json

# shortname, English, Arabic, Kurdish, roles, group, department, city, language
PEOPLE: Final = (
    ("rezan", "Rezan Karim", "ريزان كريم", "ڕێزان کەریم", "support_lead warehouse", "erbil_office", "Operations", "erbil", "kurdish"),
    ("shilan", "Shilan Omar", "شيلان عمر", "شیلان عومەر", "support_lead", "erbil_office", "Support", "erbil", "kurdish"),
    ("haval", "Haval Aziz", "هفال عزيز", "هەڤاڵ عەزیز", "support_agent", "erbil_office", "Support", "erbil", "kurdish"),
    ("noor", "Noor Hassan", "نور حسن", "نوور حەسەن", "support_agent", "basra_office", "Support", "basra", "arabic"),
    ("hassan", "Hassan Younis", "حسن يونس", "حەسەن یونس", "support_agent", "dubai_office", "Support", "dubai", "arabic"),
    ("zainab", "Zainab Salim", "زينب سالم", "زەینەب سالم", "catalog_editor", "basra_office", "Catalog", "basra", "arabic"),
    ("dilan", "Dilan Rashid", "ديلان رشيد", "دیلان ڕەشید", "catalog_editor writer", "erbil_office", "Catalog", "erbil", "kurdish"),
    ("karwan", "Karwan Ali", "كاروان علي", "کاروان عەلی", "warehouse", "erbil_office", "Warehouse", "erbil", "kurdish"),
    ("mustafa", "Mustafa Jabbar", "مصطفى جبار", "مستەفا جەبار", "warehouse", "basra_office", "Warehouse", "basra", "arabic"),
    ("yousif", "Yousif Majid", "يوسف ماجد", "یوسف ماجید", "warehouse", "dubai_office", "Warehouse", "dubai", "arabic"),
    ("mariam", "Mariam Saeed", "مريم سعيد", "مەریەم سەعید", "auditor", "dubai_office", "Finance", "dubai", "english"),
    ("sara", "Sara Ibrahim", "سارة إبراهيم", "سارا ئیبراهیم", "writer", "erbil_office", "Communication", "erbil", "english"),
    ("lana", "Lana Jamal", "لانا جمال", "لانا جەمال", "support_agent writer", "erbil_office", "Engineering", "erbil", "kurdish"),
    ("bahar", "Bahar Salih", "بهار صالح", "بەهار ساڵح", "writer", "erbil_office", "People", "erbil", "kurdish"),
    ("ahmed", "Ahmed Naji", "أحمد ناجي", "ئەحمەد ناجی", "warehouse", "basra_office", "Transport", "basra", "arabic"),
    ("omar", "Omar Khalid", "عمر خالد", "عومەر خالید", "warehouse", "erbil_office", "Warehouse", "erbil", "arabic"),
)  # fmt: skip

# Who answers for a city, and who keeps its warehouse.
AGENTS: Final = {"erbil": ("haval", "shilan", "lana"), "basra": ("noor", "shilan"), "dubai": ("hassan", "shilan")}
KEEPERS: Final = {"erbil": "karwan", "basra": "mustafa", "dubai": "yousif"}

_ALL_TYPES: Final = [
    "content",
    "ticket",
    "schema",
    "folder",
    "post",
    "log",
    "media",
    "comment",
    "reaction",
    "json",
    "csv",
    "jsonl",
    "parquet",
    "sqlite",
    "user",
    "role",
    "group",
    "permission",
    "notification",
    "space",
]
_READ: Final = ["query", "view"]
_WRITE: Final = [*_READ, "create", "update", "attach"]

# shortname, English, Arabic, {space: subpaths}, resource types, actions, more fields
PERMISSIONS: Final[tuple[tuple[str, str, str, dict[str, list[str]], list[str], list[str], Json], ...]] = (
    ("super_manager", "Everything, everywhere", "كل شيء في كل مكان", {"__all_spaces__": ["__all_subpaths__"]}, _ALL_TYPES,
     ["query", "view", "update", "create", "delete", "attach", "assign", "move", "progress_ticket", "lock", "unlock"], {}),
    ("view_world", "Read public pages", "قراءة الصفحات العامة", {"docs": ["posts", "pages"]}, ["content", "post", "media"], _READ,
     {"conditions": ["is_active"]}),
    ("access_own_area", "Use one's own area", "استخدام المساحة الشخصية", {"personal": ["people/__current_user__"]},
     ["content", "folder", "notification", "media", "comment"], [*_WRITE, "delete"], {"conditions": ["own"]}),
    ("browse_catalog", "Browse the catalog", "تصفح الكتالوج", {"catalog": ["__all_subpaths__"]},
     ["content", "folder", "media", "csv", "sqlite"], _READ, {"conditions": ["is_active"]}),
    ("edit_catalog", "Edit products and suppliers", "تحرير المنتجات والموردين", {"catalog": ["products", "suppliers"]},
     ["content", "media", "json"], [*_WRITE, "move"], {"restricted_fields": ["owner_shortname"]}),
    ("handle_cases", "Handle support cases", "معالجة حالات الدعم", {"support": ["cases", "customers"]},
     ["ticket", "content", "comment", "media"], [*_WRITE, "progress_ticket", "lock", "unlock"], {}),
    ("lead_cases", "Assign and close cases", "إسناد الحالات وإغلاقها", {"support": ["cases", "returns"]}, ["ticket"],
     [*_WRITE, "assign", "progress_ticket", "lock", "unlock"],
     {"allowed_fields_values": {"resolution_reason": ["solved", "duplicate", "not_ours", "no_answer"]}}),
    ("move_stock", "Move stock between warehouses", "نقل المخزون بين المستودعات", {"operations": ["shipments", "logs", "warehouses"]},
     ["content", "log", "media"], _WRITE, {}),
    ("write_docs", "Write posts and pages", "كتابة المقالات والصفحات", {"docs": ["__all_subpaths__"]},
     ["content", "post", "media", "comment"], [*_WRITE, "delete"], {}),
    ("read_reports", "Read reports", "قراءة التقارير", {"operations": ["reports"], "catalog": ["datasets"]},
     ["content", "csv", "parquet", "sqlite", "jsonl"], _READ, {"conditions": ["is_active"]}),
    ("view_management", "See schemas and workflows", "عرض المخططات وسير العمل", {"management": ["schema", "workflows"]},
     ["schema", "content", "folder"], _READ, {}),
    ("create_log", "Append to logs", "الإضافة إلى السجلات", {"operations": ["logs"]}, ["log"], ["create", "update"], {}),
)  # fmt: skip

ROLES: Final = (
    ("super_admin", "Super administrator", "مدير عام", "بەڕێوەبەری گشتی", "super_manager"),
    ("logged_in", "Anyone who logged in", "كل من سجّل الدخول", "هەر کەسێک چووەتە ژوورەوە", "access_own_area view_management browse_catalog"),
    ("world", "Anyone at all", "الجميع", "هەمووان", "view_world"),
    ("support_agent", "Support agent", "موظف دعم", "کارمەندی پشتگیری", "handle_cases browse_catalog"),
    ("support_lead", "Support lead", "مسؤول الدعم", "سەرپەرشتیاری پشتگیری", "handle_cases lead_cases read_reports"),
    ("catalog_editor", "Catalog editor", "محرر الكتالوج", "دەستکاریکەری کەتەلۆگ", "browse_catalog edit_catalog"),
    ("warehouse", "Warehouse keeper", "أمين مستودع", "بەرپرسی کۆگا", "move_stock create_log browse_catalog"),
    ("writer", "Writer", "كاتب", "نووسەر", "write_docs"),
    ("auditor", "Auditor", "مدقق", "وردبین", "read_reports"),
)  # fmt: skip

GROUPS: Final = (
    ("erbil_office", "Erbil office", "مكتب أربيل", "نووسینگەی هەولێر", "logged_in"),
    ("basra_office", "Basra office", "مكتب البصرة", "نووسینگەی بەسرە", "logged_in"),
    ("dubai_office", "Dubai office", "مكتب دبي", "نووسینگەی دوبەی", "logged_in"),
    ("on_call", "On call this week", "المناوبون هذا الأسبوع", "ئێشکگرانی ئەم هەفتەیە", "support_agent"),
)


# English, Arabic, Kurdish, text
ANNOUNCEMENTS: Final = (
    ("New year stock count", "جرد المخزون لرأس السنة", "ژماردنی کۆگا بۆ سەری ساڵ", "Warehouses are closed on the first two days of January."),
    ("Holiday opening hours", "ساعات العمل في العطلة", "کاتژمێرەکانی کار لە پشوودا", "Shops open from 10:00 to 16:00 during Newroz week."),
    ("Planned maintenance", "صيانة مخطط لها", "چاککردنەوەی پلان بۆ دانراو", "The portal is read-only on Thursday from 22:00."),
    ("Change your password", "غيّر كلمة المرور", "وشەی نهێنیت بگۆڕە", "Passwords older than a year expire at the end of the month."),
    ("Heat warning", "تحذير من موجة حر", "ئاگاداری گەرما", "No loading between 12:00 and 16:00 this week in Basra."),
)  # fmt: skip
