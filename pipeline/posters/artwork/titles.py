"""Titles, taglines and credits of films that were never made."""

from collections.abc import Sequence

from pipeline.posters.artwork.chance import Chance

WORDS: dict[str, tuple[str, str, str]] = {
    "Action": (
        "steel rapid final burning zero iron maximum rogue blast double",
        "strike fury protocol velocity bullet vengeance impact squad recoil deadline",
        "One man. No brakes.|They started it. She ends it.|Run first. Ask later.",
    ),
    "Adventure": (
        "lost golden sunken farthest emerald hidden endless forgotten",
        "expedition island river voyage horizon map summit treasure passage",
        "Beyond the map, the story begins.|Every river has a secret.|Pack light. Dream far.",
    ),
    "Animation": (
        "wobbly tiny bouncy sleepy fuzzy curious mighty giggly",
        "pals monster puddle noodle whiskers critters parade bubble",
        "Small paws. Big plans.|It's going to be a furry day.|Bigger on the inside!",
    ),
    "Comedy": (
        "totally awkward spare accidental slightly terrible honest my",
        "in-laws weekend roommate holiday neighbours wedding boss reunion",
        "What could go wrong? Everything.|Family: not refundable.|He had one job. Had.",
    ),
    "Crime": (
        "cold crooked silent dirty last paper blind double",
        "alibi ledger witness harbour verdict heist informer precinct",
        "Everybody pays.|The city keeps its own books.|No one is clean after midnight.",
    ),
    "Drama": (
        "quiet distant the ordinary broken winter remaining borrowed",
        "rooms letters daughters orchard silence summer fields hours",
        "Some houses remember.|What we leave is what we were.|A story of going home.",
    ),
    "Fantasy": (
        "shadow silver ember elder moon crystal raven winged",
        "crown realm oath sorcerer throne blade prophecy kingdom",
        "The last spell is the first.|A crown waits for no one.|Magic has a price.",
    ),
    "Horror": (
        "crimson hollow rotten whispering dead pale cursed seventh",
        "cellar grave ritual attic teeth harvest orphan basement",
        "Do not answer the door.|It never left.|Sleep is where it waits.",
    ),
    "Music": (
        "electric neon velvet broken midnight golden loud blue",
        "chorus rhythm encore groove ballad stereo soul backbeat",
        "Play it like you mean it.|One voice. One night.|Turn it up.",
    ),
    "Romance": (
        "always april tender sweet second forever dear almost",
        "kiss valentine hearts promise sweetheart embrace wish paris",
        "Love was not in the plan.|Two strangers. One summer.|Say it before the train leaves.",
    ),
    "Sci-Fi": (
        "quantum stellar orbital android silent binary dark solar",
        "signal station horizon colony paradox nebula protocol origin",
        "We were never the first.|The signal is coming home.|Tomorrow has already happened.",
    ),
    "Western": (
        "dusty lonesome red silver high bitter six rattlesnake",
        "canyon trail saloon draw stallion ridge outlaw spurs",
        "Justice rides at noon.|One town. Two guns.|The desert does not forgive.",
    ),
}
"""What a genre's titles are made of: first words, last words, and its taglines."""

PLACES = "Varrowmere Ostrel Quillon Tamberley Ishkar Dunmarrow Veloria Brackwater Orrin Selkie"
GIVEN = "Mara Tobin Ilse Corvin Petra Anselm Juno Rafe Odile Bram Sunniva Leto Wren Caspian"
FAMILY = "Vantrell Okoro Lindqvist Marlow Dufresne Achterberg Szabo Quade Ferrante Holloway Ishii"
CRAFTS = "music by|edited by|costumes|casting by|director of photography|produced by"


def title(genres: Sequence[str], chance: Chance) -> str:
    """A title of one to four words, made of the words of ``genres``."""
    first = chance.pick(WORDS[chance.pick(genres)][0].split())
    last = chance.pick(WORDS[chance.pick(genres)][1].split())
    place = chance.pick(PLACES.split())
    patterns = (
        (f"{first} {last}", 8),
        (f"the {last}", 3),
        (last, 3),
        (f"the {first} {last}", 4),
        (f"{last} of {place}", 3),
        (place, 1),
    )
    return chance.weighted_choice(patterns).replace("the the", "the").upper()


def tagline(genres: Sequence[str], chance: Chance) -> str:
    """A sentence that promises what ``genres`` promise."""
    return chance.pick(WORDS[chance.pick(genres)][2].split("|"))


def person(chance: Chance) -> str:
    """Somebody's full name."""
    return f"{chance.pick(GIVEN.split())} {chance.pick(FAMILY.split())}"


def credits_lines(chance: Chance) -> list[str]:
    """The three lines at the foot of a poster that nobody reads."""
    crafts = chance.sample(CRAFTS.split("|"), 3)
    made = [f"{craft} {person(chance)}" for craft in crafts]
    return [
        f"{chance.pick(PLACES.split())} pictures presents a film by {person(chance)}".upper(),
        f"{made[0]}   {made[1]}".upper(),
        f"{made[2]}   written and directed by {person(chance)}".upper(),
    ]
