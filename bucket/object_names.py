"""Object names as file names: whole on every file system, and never outside their folder.

A name's parts between slashes are folders and a file. Letters from a to z, digits and ``-_.`` stay;
all else is written as ``%`` and two digits a byte, upper case too, since some file systems do not
tell a from A. ``%`` alone is an empty part. A part that is too long for one file name goes on in a
folder whose name ends in ``%+``.
"""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from bucket.errors import ApiError

MAX_BYTES = 1024  # as Google
_MAX_PARTS = 100
"""Each is a folder: a thousand, one in the other, take seconds to list. DVC's names have ten."""
CONTINUED = "%+"
_MAX_PIECE = 180  # file systems take 255, and Windows's paths have to hold some of them
_KEPT = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.")
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)")
"""What Windows takes for a device: ``nul``, ``com1.txt``, ``aux .jpg``; not ``console``."""
_PLAIN = re.compile(r"(?!\.)[a-z0-9\-_.]{1,180}(?<!\.)")
_NOT_LITERAL = re.compile(r'[\x00-\x1f<>:"\\|?*\ud800-\udfff]')


def check_name(name: str) -> str:
    """The name itself, if Google Cloud Storage would take it; else an ApiError."""
    if not name:
        raise ApiError(400, "Required parameter: name")
    try:
        size = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise ApiError(400, "Invalid object name: it is not UTF-8") from None
    if size > MAX_BYTES or name in (".", "..") or "\n" in name or "\r" in name:
        raise ApiError(
            400, f"Invalid object name: over {MAX_BYTES} bytes, a line break, or . or .. alone"
        )
    if name.count("/") >= _MAX_PARTS:
        raise ApiError(400, f"Invalid object name: over {_MAX_PARTS} parts between slashes")
    return name


def encode_name(name: str) -> list[str]:
    """The folders and the file that hold the object of that name."""
    return [piece for part in name.split("/") for piece in _encode_part(part)]


def decode_piece(piece: str, *, is_folder: bool) -> str:
    """What a folder or file adds to the name: a folder its slash, unless its part goes on."""
    if piece.endswith(CONTINUED):
        return unquote(piece[: -len(CONTINUED)].removeprefix("+"))
    text = "" if piece == "%" else unquote(piece.removeprefix("+"))
    return f"{text}/" if is_folder else text


def is_plain(piece: str) -> bool:
    """Whether a folder or file is called as its part of the name: what DVC pushes always is."""
    return _PLAIN.fullmatch(piece) is not None and not is_device(piece)


def is_device(part: str) -> bool:
    """Whether Windows opens a device in place of a file of that name, whatever its case."""
    return _DEVICE.match(part.lower()) is not None


def split_literal(name: str) -> list[str] | None:
    """The folders and the file of exactly that name; None where a computer could not hold it."""
    parts = name.split("/")
    is_odd = any(
        not part or part.startswith(".") or part[-1] in ". " or _NOT_LITERAL.search(part)
        or is_device(part)
        for part in parts
    )  # fmt: skip
    return None if is_odd else parts


def long_path(path: Path) -> str:
    r"""The absolute path, on Windows in the form ``\\?\…``: the others end at 260 letters."""
    absolute = os.path.abspath(path)  # not Path.resolve: links stay
    if os.name != "nt" or absolute.startswith("\\\\?\\"):
        return absolute
    if absolute.startswith("\\\\"):
        return "\\\\?\\UNC" + absolute[1:]
    return f"\\\\?\\{absolute}"


def _encode_part(part: str) -> list[str]:
    letters = [_encode_letter(letter) for letter in part] or ["%"]
    if part.startswith(".") or _DEVICE.match(part):
        letters[0] = f"%{ord(part[0]):02x}"
    if part.endswith("."):  # Windows drops it
        letters[-1] = "%2e"
    pieces = [""]
    for letter in letters:
        if len(pieces[-1]) + len(letter) > _MAX_PIECE:
            pieces[-1] += CONTINUED
            pieces.append("+")  # so that no piece is empty, and none begins with a dot
        pieces[-1] += letter
    return pieces


def _encode_letter(letter: str) -> str:
    if letter in _KEPT:
        return letter
    return "".join(f"%{byte:02x}" for byte in letter.encode("utf-8"))
