"""Formats that people send and that are not read here: what they are called, what to do."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.shared.decoding.image_errors import FORMATS, UnsupportedImage

_EXPORT = "export it as JPEG or PNG"
_IPHONE = (
    "export it as JPEG; an iPhone takes JPEGs with Settings > Camera > Formats > Most Compatible"
)
_PHOTO_EDITOR = "export it as JPEG or PNG from the program that made it"
_CONVERT = "convert it to JPEG or PNG"

_UNPACK = "unpack it and send the pictures in it"
_NO_PICTURE = "send a picture of it as JPEG or PNG"

_HTML = (b"<!doctype html", b"<html")


@dataclass(frozen=True)
class _ForeignFormat:
    name: str
    fix: str
    matches: Callable[[bytes], bool]


def _begins(*starts: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(starts)


def _has_brand(*brands: bytes) -> Callable[[bytes], bool]:
    """For the formats of ISO 14496-12: the length of a box, "ftyp", and a brand of four letters."""
    return lambda data: data[4:8] == b"ftyp" and data[8:12] in brands


def _is_targa(data: bytes) -> bool:
    """Without a text and a palette, as programs write it: a kind, 5 zeros, and bits of a pixel."""
    return (
        data[:3] in (b"\0\0\2", b"\0\0\3", b"\0\0\x0a", b"\0\0\x0b")
        and data[3:8] == bytes(5)
        and data[16:17] in (b"\x08", b"\x0f", b"\x10", b"\x18", b"\x20")
    )


def _is_text(data: bytes) -> bool:
    """Whether it is in UTF-8, of which the last character may be cut off."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return b"\0" not in data


_FOREIGN_FORMATS = (
    _ForeignFormat(
        "HEIC", _IPHONE, _has_brand(b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1",
                                    b"msf1", b"heif")
    ),
    _ForeignFormat("Canon raw (CR3)", _PHOTO_EDITOR, _has_brand(b"crx ")),
    _ForeignFormat("video (MP4 or MOV)", "send a picture of it as JPEG or PNG",
                   lambda data: data[4:8] == b"ftyp"),
    _ForeignFormat("JPEG XL", _CONVERT, _begins(b"\xff\x0a", b"\0\0\0\x0cJXL ")),
    _ForeignFormat("JPEG 2000", _CONVERT, _begins(b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")),
    _ForeignFormat("BMP", _CONVERT, _begins(b"BM")),
    _ForeignFormat("TIFF", _EXPORT, _begins(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),
    _ForeignFormat("Photoshop (PSD)", _PHOTO_EDITOR, _begins(b"8BPS")),
    _ForeignFormat("GIMP (XCF)", _PHOTO_EDITOR, _begins(b"gimp xcf")),
    _ForeignFormat("Targa (TGA)", _CONVERT, _is_targa),
    _ForeignFormat("icon (ICO)", _CONVERT, _begins(b"\0\0\1\0", b"\0\0\2\0")),
    _ForeignFormat("icon of macOS (ICNS)", _CONVERT, _begins(b"icns")),
    _ForeignFormat("SVG", _EXPORT, lambda data: b"<svg" in data[:1000].lower()),
    _ForeignFormat("PDF", _EXPORT, _begins(b"%PDF")),
    _ForeignFormat("PostScript (EPS)", _EXPORT, _begins(b"%!PS", b"\xc5\xd0\xd3\xc6")),
    _ForeignFormat("Fujifilm raw (RAF)", _PHOTO_EDITOR, _begins(b"FUJIFILMCCD-RAW")),
    _ForeignFormat("Panasonic raw (RW2)", _PHOTO_EDITOR, _begins(b"IIU\0")),
    _ForeignFormat("Olympus raw (ORF)", _PHOTO_EDITOR, _begins(b"IIRO", b"IIRS", b"MMOR")),
    _ForeignFormat("QOI", _CONVERT, _begins(b"qoif")),
    _ForeignFormat("DDS", _CONVERT, _begins(b"DDS ")),
    _ForeignFormat("OpenEXR", _EXPORT, _begins(b"\x76\x2f\x31\x01")),
    _ForeignFormat("Radiance HDR", _EXPORT, _begins(b"#?RADIANCE", b"#?RGBE")),
    _ForeignFormat("PNM", _CONVERT, lambda data: data[:1] == b"P" and data[1:2] in b"1234567"
                   and data[2:3].isspace()),
    _ForeignFormat("Windows metafile (WMF or EMF)", _EXPORT,
                   _begins(b"\xd7\xcd\xc6\x9a", b"\1\0\0\0\x6c\0\0\0")),
    _ForeignFormat("animation (MNG)", _CONVERT, _begins(b"\x8aMNG")),
    _ForeignFormat("ZIP archive", _UNPACK, _begins(b"PK\3\4")),
    _ForeignFormat("packed file (gzip, bzip2, xz, Zstandard, 7z or RAR)", _UNPACK,
                   _begins(b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd",
                           b"7z\xbc\xaf\x27\x1c", b"Rar!")),
    _ForeignFormat("sound or video (AVI, WAV, MP3, Ogg, WebM)", _NO_PICTURE,
                   lambda data: data.startswith((b"ID3", b"OggS", b"\x1a\x45\xdf\xa3"))
                   or (data.startswith(b"RIFF") and data[8:12] in (b"AVI ", b"WAVE"))),
    _ForeignFormat("file that macOS writes beside another (AppleDouble)",
                   "send the file whose name is without ._", _begins(b"\0\5\x16\7", b"\0\5\x16\0")),
    _ForeignFormat("pointer of Git LFS", "type git lfs pull, and send the picture itself",
                   _begins(b"version https://git-lfs.github.com")),
    _ForeignFormat(".dvc file", "type dvc pull, and send the picture that it names",
                   lambda data: data.startswith((b"outs:\n- md5: ", b"outs:\r\n- md5: "))),
    _ForeignFormat("JSON", "send the bytes of a picture, as a form or as they are",
                   lambda data: data[:1] in b"{[" and data.lstrip()[:200].isascii()
                   and _is_text(data[:1000])),
    _ForeignFormat("web page (HTML)", "save the picture itself, not the page that shows it",
                   lambda data: data[:200].lstrip().lower().startswith(_HTML)),
)  # fmt: skip
"""In the order in which they are tried."""


def foreign_error(data: bytes) -> UnsupportedImage | None:
    """The error for an empty file or a format that is known by name; None for all else."""
    if not data:
        return UnsupportedImage("not an image: it is empty", "choose a file that is not empty")
    for each in _FOREIGN_FORMATS:
        if each.matches(data):
            return UnsupportedImage(
                f"{each.name}: not an image of a type that is read here (JPEG, PNG, WebP, GIF, "
                "AVIF)",
                each.fix,
            )
    return None


def unknown_error(data: bytes) -> UnsupportedImage:
    """The error for bytes that begin like nothing that is known."""
    return UnsupportedImage(
        f"not an image of a type that is read here (JPEG, PNG, WebP, GIF, AVIF): "
        f"the first bytes are {data[:8]!r}",
        f"send a {FORMATS} picture",
    )
