"""Pictures that were taken for text, or sent as what they are not, and what is said of them."""

import base64

import pytest

from pipeline.shared.pixels import BrokenImage, ImageError, UnsupportedImage, load_image
from tests.pipeline.test_pixels import SIZE, chunk, encoded, poster

JPEG, PNG, GIF, WEBP = (encoded(poster(30, 40), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP"))
FORM = b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\n" + JPEG + b"\r\n--b--\r\n"


def refusal(data: bytes) -> ImageError:
    with pytest.raises(ImageError) as told:
        load_image(data, SIZE)
    return told.value


@pytest.mark.parametrize("picture", [JPEG, PNG, GIF, WEBP])
def test_a_byte_order_mark_before_a_picture_is_named(picture: bytes) -> None:
    error = refusal(b"\xef\xbb\xbf" + picture)
    assert isinstance(error, BrokenImage)
    assert "a byte order mark (EF BB BF) stands before the picture" in str(error)
    assert "remove its first 3 bytes" in error.fix


@pytest.mark.parametrize("picture", [JPEG, PNG, GIF, WEBP])
@pytest.mark.parametrize(
    "before", [b"\r\n", b"\n\n  ", b"<br/>Warning: x in a.php on line 3\n", b"[INFO] x" * 30]
)
def test_what_a_script_printed_before_a_picture_is_named(before: bytes, picture: bytes) -> None:
    error = refusal(before + picture)
    assert isinstance(error, BrokenImage)
    assert str(error).startswith(f"{len(before)} bytes stand before the picture")
    assert "send the picture alone" in error.fix


@pytest.mark.parametrize(
    ("data", "kind", "says", "fix"),
    [
        (b"\xff\xfe" + bytes(range(90)), BrokenImage, "PowerShell", "-OutFile"),
        (JPEG.decode("utf-8", "replace").encode(), BrokenImage, "read as text", "as bytes"),
        (PNG.decode("utf-8", "replace").encode(), BrokenImage, "read as text", "as bytes"),
        (JPEG.decode("latin-1").encode(), BrokenImage, "read as text", "as bytes"),
        (PNG.decode("latin-1").encode(), BrokenImage, "read as text", "as bytes"),
        (PNG.replace(b"\r\n", b"\n"), BrokenImage, "line ends", "-text"),
        (PNG.replace(b"\n", b"\r\n"), BrokenImage, "line ends", "as bytes"),
        (base64.b64encode(JPEG), UnsupportedImage, "base64", "decode it first"),
        (base64.b64encode(PNG), UnsupportedImage, "base64", "decode it first"),
        (base64.b64encode(WEBP), UnsupportedImage, "base64", "decode it first"),
        (b"data:image/png;base64," + base64.b64encode(PNG), UnsupportedImage, "base64", "first"),
        (FORM, UnsupportedImage, "a form", "multipart/form-data and its boundary"),
    ],
)
def test_a_picture_that_was_taken_for_text_is_told_so(
    data: bytes, kind: type[ImageError], says: str, fix: str
) -> None:
    error = refusal(data)
    assert type(error) is kind
    assert says in str(error)
    assert fix in error.fix


def test_a_png_of_apples_own_kind_is_named() -> None:
    error = refusal(PNG[:8] + chunk(b"CgBI", b"\x50\0\x20\x02") + PNG[8:])
    assert isinstance(error, UnsupportedImage)
    assert "a PNG of Apple's own kind (CgBI)" in str(error)
    assert "pngcrush -revert-iphone-optimizations" in error.fix
