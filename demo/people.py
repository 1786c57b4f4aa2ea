"""Invented people and organisations: names nobody bears, telephones of one range, numbers with right check digits.

Check digits follow GB 11643-1999 (resident identity number) and GB 11714-1997 (organisation code).
"""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from demo.model import Applicant

REGION = "360121"
OLD_CARDS = 0.08
RARE_NAMES = 0.01

_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_IDENTITY_CHECKS = "10X98765432"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_TAGS = "测试样例拟虚演范"
_LASTS = "一二三四五六七八九十甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥"
_RARE = "㐂䶮𬍛㙓𠮷㛃䲟"
"""Characters outside GBK's usual reach; most take four bytes in GB 18030."""
_VILLAGERS = ("测试村民", "样例居民", "试用住户", "虚拟村民", "演示市民")

_TRADES = [
    "商贸",
    "建筑",
    "农业",
    "食品",
    "物流",
    "建材",
    "餐饮",
    "印刷",
    "电子",
    "置业",
    "纺织",
    "水产",
    "苗木",
    "粮油",
    "机械",
]
_BRANDS = ["测试", "样例", "示例", "虚拟", "演示", "试行", "样本", "模拟"]
_ORGANISATIONS: dict[str, tuple[str, ...]] = {
    "enterprise": ("有限公司", "有限责任公司", "加工厂", "专业合作社", "经营部"),
    "institution": ("技术服务站", "中心小学", "卫生院", "文化站"),
    "social": ("行业协会", "商会", "老年协会", "志愿者协会"),
    "government": ("建设指挥部", "管理委员会", "乡镇工作站"),
    "other": ("村民委员会", "业主委员会", "村民小组"),
}


@dataclass(frozen=True, slots=True)
class Registry:
    """Everybody who may apply; all departments draw from the same one, so that a person's cases can be joined."""

    persons: tuple[Applicant, ...]
    organisations: dict[str, tuple[Applicant, ...]]
    """Kind → organisations."""
    elders: tuple[Applicant, ...]
    """The persons who are eighty or older."""

    def draw(self, kind: str, rng: Random) -> Applicant:
        """Somebody of that kind. A person who once held a 15-digit card now and then shows the new one."""
        if kind not in ("person", "elder"):
            known = self.organisations[kind]
            return known[int(rng.random() * len(known))]
        known = self.elders if kind == "elder" else self.persons
        person = known[int(rng.random() * len(known))]
        if len(person.identity) == 15 and rng.random() < 0.15:
            return replace(person, identity=upgraded(person.identity))
        return person


def registry(cases: int, seed: int) -> Registry:
    """The county's applicants, their number in proportion to the cases."""
    rng = Random(f"{seed}/people")
    persons = tuple(_person(rng) for _ in range(max(200, cases * 6 // 10)))
    organisations = {
        kind: tuple(_organisation(kind, rng) for _ in range(max(20, cases // divisor)))
        for kind, divisor in (
            ("enterprise", 12), ("institution", 400), ("social", 200), ("government", 800), ("other", 300),
        )
    }  # fmt: skip
    return Registry(persons, organisations, tuple(p for p in persons if _birth_year(p) < 1932))


def identity_check(body: str) -> str:
    """The 18th character of an identity number, from its first 17 digits (GB 11643)."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _IDENTITY_WEIGHTS, strict=True))
    return _IDENTITY_CHECKS[total % 11]


def organisation_check(body: str) -> str:
    """The 9th character of an organisation code, from its first 8 digits or letters (GB 11714)."""
    total = sum(
        int(sign, 36) * weight for sign, weight in zip(body, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0X987654321"[total % 11]


def upgraded(identity: str) -> str:
    """The 18-digit form of a 15-digit number."""
    body = f"{identity[:6]}19{identity[6:]}"
    return body + identity_check(body)


def misread(applicant: Applicant, rng: Random) -> Applicant:
    """The same applicant with the check character typed wrong. A 15-digit number has none and stays."""
    identity = applicant.identity
    if len(identity) == 15:
        return applicant
    wrong = [sign for sign in "0123456789" if sign != identity[-1]]
    return replace(applicant, identity=identity[:-1] + rng.choice(wrong), identity_is_valid=False)


_AGES = tuple(accumulate((4, 8, 24, 26, 20, 12, 6, 2)))
"""Share of applicants by decade of birth, 1920s to 1990s."""


def _person(rng: Random) -> Applicant:
    decade = 1920 + 10 * bisect(_AGES, rng.random() * _AGES[-1])
    born = date(decade, 1, 1) + timedelta(
        days=int(rng.random() * (3650 if decade < 1990 else 1460))
    )
    body = f"{REGION}{born:%Y%m%d}{1 + int(rng.random() * 994):03d}"
    identity = body + identity_check(body)
    if born.year < 1985 and rng.random() < OLD_CARDS / 0.8:
        identity = body[:6] + body[8:]
    return Applicant("person", _name(rng), identity, phone(rng))


def _birth_year(person: Applicant) -> int:
    return int(
        upgraded(person.identity)[6:10] if len(person.identity) == 15 else person.identity[6:10]
    )


def _name(rng: Random) -> str:
    if rng.random() < 0.03:
        return rng.choice(_VILLAGERS)
    last = rng.choice(_RARE if rng.random() < RARE_NAMES else _LASTS)
    return rng.choice(_SURNAMES) + rng.choice(_TAGS) + last


def _organisation(kind: str, rng: Random) -> Applicant:
    trade = rng.choice(_TRADES) if kind == "enterprise" else ""
    name = (
        f"南昌县{rng.choice(_BRANDS)}{rng.choice(_LASTS)}{trade}{rng.choice(_ORGANISATIONS[kind])}"
    )
    head = "T9" if rng.random() < 0.03 else "99"
    body = f"{head}{int(rng.random() * 1_000_000):06d}"
    return Applicant(kind, name, body + organisation_check(body), phone(rng))


def phone(rng: Random) -> str:
    """A mobile number out of one invented range."""
    return f"1390000{int(rng.random() * 10_000):04d}"


def staff(department: str, seed: int, size: int = 24) -> tuple[str, ...]:
    """Invented names of a department's officials."""
    rng = Random(f"{seed}/staff/{department}")
    names: dict[str, None] = {}
    while len(names) < size:
        names[f"{rng.choice(_SURNAMES)}{rng.choice('职员科窗办经')}{rng.choice(_LASTS)}"] = None
    return tuple(names)
