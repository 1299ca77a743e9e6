"""Requests to ``POST /predict`` that are nearly right: the same ones for the same seed."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from tests.service import pictures

SEEDS: tuple[Callable[[], bytes], ...] = (
    pictures.plain,
    pictures.noise,
    lambda: pictures.plain(progressive=True),
    pictures.cmyk,
    pictures.rotated,
    lambda: pictures.plain(kind="PNG"),
    lambda: pictures.encoded(Image.new("RGBA", (60, 90), (1, 2, 3, 100)), "PNG"),
    pictures.sixteen_bits,
    pictures.palette_with_alpha,
    lambda: pictures.plain(kind="WEBP"),
    lambda: pictures.plain(kind="WEBP", lossless=True),
    pictures.animated,
)
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
QUERIES = ("", "", "", "?top=2", "?threshold=0.5", "?top=0", "?top=&threshold=x", "?%ff=%00")
TYPES = (
    *("multipart/form-data; boundary=b", "multipart/form-data; boundary=b; charset=x"),
    *("image/jpeg", "image/png", "image/", "multipart/form-data", "text/plain", ""),
)


@dataclass(frozen=True)
class Case:
    """One request."""

    query: str
    content_type: str
    body: bytes


def cases(seed: int) -> Iterator[Case]:
    """Requests without end."""
    chance = random.Random(seed)
    seeds = [make() for make in SEEDS]
    while True:
        files = [mutated(chance.choice(seeds), chance) for _ in range(chance.choice((1, 1, 1, 3)))]
        content_type = chance.choice(TYPES[:4] * 4 + TYPES)
        body = files[0]
        if content_type.startswith("multipart"):
            body = b"".join(HEAD + file + b"\r\n" for file in files) + b"--b--\r\n"
            if chance.random() < 0.5:
                body = mutated(body, chance, longest=200)
        yield Case(chance.choice(QUERIES), content_type, body)


def mutated(data: bytes, chance: random.Random, longest: int | None = None) -> bytes:
    """``data`` with up to six changes, mostly where its headers are."""
    changed = bytearray(data)
    for _ in range(chance.randrange(7)):
        size = min(len(changed), longest or len(changed))
        place = int(size * chance.random() ** 3)
        match chance.randrange(6):
            case 0:
                changed[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                changed[place : place + 1] = chance.choice((b"\0", b"\xff", b"\x7f", b"\r\n", b""))
            case 2:
                changed[place:place] = chance.randbytes(chance.randrange(1, 9))
            case 3:
                del changed[place : place + chance.randrange(1, 50)]
            case 4:
                changed[place:place] = changed[place : place + chance.randrange(1, 300)]
            case 5:
                if chance.random() < 0.3:
                    del changed[place:]
    return bytes(changed)
