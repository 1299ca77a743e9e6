"""Numbers and dates in YAML, as ruamel.yaml reads them: what they look like, and their values."""

import datetime
import re

# ruamel.yaml 0.19, resolver.py: tag, pattern, first characters, in the order they are tried. The
# patterns are VERBOSE: spaces in them are for reading.
IMPLICIT_TAGS = [
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    (
        "float",
        r"""[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+]?[0-9]+)?
        |[-+]?(?:[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)
        |[-+]?\.[0-9_]+(?:[eE][-+][0-9]+)?
        |[-+]?\.(?:inf|Inf|INF)
        |\.(?:nan|NaN|NAN)""",
        "-+0123456789.",
    ),
    (
        "int",
        r"[-+]?0b[0-1_]+|[-+]?0o?[0-7_]+|[-+]?[0-9_]+|[-+]?0x[0-9a-fA-F_]+",
        "-+0123456789",
    ),
    ("merge", r"<<", "<"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (
        "timestamp",
        r"""[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]
        |[0-9][0-9][0-9][0-9] -[0-9][0-9]? -[0-9][0-9]?
        (?:[Tt]|[ \t]+)[0-9][0-9]?
        :[0-9][0-9] :[0-9][0-9] (?:\.[0-9]*)?
        (?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?""",
        "0123456789",
    ),
    ("value", r"=", "="),
]
# Always the same one, so that `.nan` twice is a duplicate key as in ruamel.yaml.
_NAN = float("nan")
_TIMESTAMP = re.compile(
    r"""(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})
    (?:(?:[Tt]|[ \t]+)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})
    (?:\.(?P<fraction>[0-9]*))?
    (?:[ \t]*(?P<tz>Z|(?P<sign>[-+])(?P<tz_hour>[0-9]{1,2})(?::(?P<tz_minute>[0-9]{2}))?))?)?$""",
    re.VERBOSE,
)


def integer(text: str) -> int:
    """The number; a ValueError or an IndexError where it is none.

    ``0o17`` is 15 and ``017`` is 17: YAML 1.2.
    """
    text = text.replace("_", "")
    sign = -1 if text[0] == "-" else 1
    text = text.lstrip("+-") if text[0] in "+-" else text
    for prefix, base in (("0b", 2), ("0x", 16), ("0o", 8)):
        if text.startswith(prefix):
            return sign * int(text[2:], base)
    return sign * int(text)


def floating(text: str) -> float:
    """The number; a ValueError where it is none."""
    text = text.replace("_", "").lower()
    return _NAN if text == ".nan" else float(text.replace(".inf", "inf"))


def timestamp(text: str) -> datetime.date:
    """The date, or the date and time; a ValueError where it is none."""
    match = _TIMESTAMP.match(text)
    if match is None:
        raise ValueError("no date")
    date = datetime.date(*(int(match[part]) for part in ("year", "month", "day")))
    if match["hour"] is None:
        return date
    hour, minute, second = (int(match[part]) for part in ("hour", "minute", "second"))
    time = datetime.time(hour, minute, second, tzinfo=_zone(match))
    return datetime.datetime.combine(date, time) + _fraction(match)


def _fraction(match: re.Match[str]) -> datetime.timedelta:
    digits = match["fraction"] or "0"
    # Seven digits and more are rounded, as ruamel.yaml does and PyYAML does not.
    micros = int(digits[:6].ljust(6, "0")) + (len(digits) > 6 and int(digits[6]) > 4)
    return datetime.timedelta(microseconds=micros)


def _zone(match: re.Match[str]) -> datetime.timezone | None:
    if not match["tz"]:
        return None
    offset = datetime.timedelta(
        hours=int(match["tz_hour"] or 0), minutes=int(match["tz_minute"] or 0)
    )
    return datetime.timezone(-offset if match["sign"] == "-" else offset, match["tz"])
