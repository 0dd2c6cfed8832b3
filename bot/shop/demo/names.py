"""Invented people and places of the demo shop; telephone numbers are kept for fiction."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where invented people live; `phone` has four # for digits, None where no range is fictional.

    Fictional ranges: +1 555-01xx (NANPA), +44 20 7946 0xxx (Ofcom), +61 2 5550 xxxx (ACMA),
    +49 30 23125 xxx (BNetzA), +33 1 99 00 xx xx (Arcep).
    """

    language: str
    country: str
    cities: tuple[tuple[str, str | None, str], ...]
    """City, region and the beginning of its postcodes (each # a digit)."""
    streets: tuple[str, ...]
    given: tuple[str, ...]
    family: tuple[str, ...]
    phone: str | None
    payments: tuple[str, ...]
    share: int


PLACES: tuple[Place, ...] = (
    Place(
        language="en",
        country="US",
        cities=(
            ("Portland", "OR", "972##"),
            ("Austin", "TX", "787##"),
            ("Madison", "WI", "537##"),
            ("Oakland", "CA", "946##"),
        ),
        streets=("{} Maple Street", "{} Harbor Avenue", "{} Juniper Road", "{} Foxglove Lane"),
        given=("Ava", "Marcus", "Priya", "Diego", "Hannah", "Kwame", "Sofia", "Noah", "Leilani"),
        family=("Whitfield", "Ramirez", "Banerjee", "Osei", "Lindqvist", "Kealoha", "Brooks"),
        phone="+1 503-555-01##",
        payments=("card", "paypal", "apple_pay", "gift_card"),
        share=5,
    ),
    Place(
        language="zh",
        country="CN",
        cities=(
            ("杭州", "浙江", "3100##"),
            ("成都", "四川", "6100##"),
            ("上海", None, "2000##"),
            ("广州", "广东", "5100##"),
            ("西安", "陕西", "7100##"),
        ),
        streets=("桂花路 {} 号", "云栖街 {} 号", "望江巷 {} 号", "梧桐大道 {} 号"),
        given=("小雨", "子轩", "思远", "佳宁", "一鸣", "若溪", "浩然", "静怡", "晨曦", "雅琴"),
        family=("王", "李", "张", "陈", "林", "赵", "周", "吴", "欧阳", "沈"),
        phone=None,
        payments=("alipay", "wechat_pay", "card"),
        share=6,
    ),
    Place(
        language="en",
        country="GB",
        cities=(
            ("Bristol", None, "BS1 #AB"),
            ("Leeds", None, "LS2 #QT"),
            ("York", None, "YO1 #PX"),
        ),
        streets=("{} Orchard Terrace", "{} Mill Lane", "{} Kingfisher Close"),
        given=("Imogen", "Rhys", "Aisha", "Callum", "Niamh", "Tunde", "Freya", "Owen"),
        family=("Pemberton", "Achebe", "Hussain", "Gallagher", "Prosser", "Ashdown"),
        phone="+44 20 7946 0###",
        payments=("card", "paypal", "apple_pay"),
        share=3,
    ),
    Place(
        language="en",
        country="DE",
        cities=(("Berlin", None, "101##"), ("Leipzig", None, "041##"), ("Köln", None, "506##")),
        streets=("Lindenweg {}", "Am Kanal {}", "Rosenstraße {}"),
        given=("Jonas", "Elif", "Greta", "Mateusz", "Anneliese", "Cem", "Lotte"),
        family=("Hoffmeister", "Yıldız", "Nowak", "Brandt", "Öztürk", "Sommer"),
        phone="+49 30 23125 ###",
        payments=("card", "paypal"),
        share=2,
    ),
    Place(
        language="en",
        country="FR",
        cities=(("Lyon", None, "690##"), ("Nantes", None, "440##")),
        streets=("{} rue des Tilleuls", "{} quai du Moulin"),
        given=("Élodie", "Mamadou", "Camille", "Lucien", "Inès"),
        family=("Marchand", "Diallo", "Roussel", "Benali", "Perrin"),
        phone="+33 1 99 00 ## ##",
        payments=("card", "paypal"),
        share=2,
    ),
    Place(
        language="en",
        country="AU",
        cities=(("Hobart", "TAS", "700#"), ("Newcastle", "NSW", "230#")),
        streets=("{} Banksia Street", "{} Lighthouse Road"),
        given=("Matilda", "Jarrah", "Anh", "Cooper", "Sione"),
        family=("Fairweather", "Nguyen", "Tuilagi", "Mercer", "Wirra"),
        phone="+61 2 5550 ####",
        payments=("card", "paypal", "apple_pay"),
        share=1,
    ),
    Place(
        language="zh",
        country="SG",
        cities=(("Singapore", None, "0388##"),),
        streets=("{} Frangipani Walk", "{} Jade Hill Road"),
        given=("Wei Ling", "Jun Hao", "Siti", "Arjun", "Hui Min"),
        family=("Tan", "Lim", "Rahman", "Pillai", "Goh"),
        phone=None,
        payments=("card", "alipay", "paypal"),
        share=1,
    ),
    Place(
        language="en",
        country="CA",
        cities=(("Halifax", "NS", "B3H #A1"), ("Victoria", "BC", "V8W #B2")),
        streets=("{} Cedar Crescent", "{} Tidewater Drive"),
        given=("Chloe", "Dhruv", "Étienne", "Nokomis", "Yuki"),
        family=("Tremblay", "Sandhu", "MacAskill", "Kobayashi", "Sinclair"),
        phone="+1 604-555-01##",
        payments=("card", "paypal", "apple_pay"),
        share=1,
    ),
)
