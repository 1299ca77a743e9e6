"""Any object name has a file of its own, which every file system takes, inside the folder."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bucket import object_names
from bucket.errors import ApiError

NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1, max_size=250
).filter(lambda name: name not in (".", ".."))
WINDOWS_NOT = re.compile(r'[\x00-\x1f<>:"/\\|?*]|[. ]$')
DEVICE = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\..*)?$")


def decode_name(pieces: list[str]) -> str:
    last = len(pieces) - 1
    return "".join(
        object_names.decode_piece(piece, is_folder=index < last)
        for index, piece in enumerate(pieces)
    )


@given(NAMES)
def test_a_name_is_read_back_from_its_files(name: str) -> None:
    assert decode_name(object_names.encode_name(object_names.check_name(name))) == name


@given(NAMES, NAMES)
def test_two_names_have_two_files_where_a_is_the_same_as_a_capital(one: str, two: str) -> None:
    same = [piece.lower() for piece in object_names.encode_name(one)]
    assert (same == [piece.lower() for piece in object_names.encode_name(two)]) == (one == two)


ODD = ["../../etc/passwd", "/etc/passwd", "a/../b", "a//b", "a/", "C:\\x", "nul", "con.txt", "a\0b"]
ODD += ["Images/Ä b.jpg", "aux/x", ". .", "x.", ".git/config", "a%2fb", "%", "%+", "+a", "é" * 500]


@given(st.one_of(NAMES, st.sampled_from(ODD)))
def test_a_file_is_inside_its_folder_and_fits_windows_too(name: str) -> None:
    for piece in object_names.encode_name(name):
        assert piece
        assert set(piece) <= set(string.ascii_lowercase + string.digits + "-_.%+")
        assert not piece.startswith(".")
        assert not WINDOWS_NOT.search(piece)
        assert not DEVICE.match(piece)
        assert len(piece) <= 200


def test_what_dvc_pushes_lies_where_dvc_itself_would_put_it() -> None:
    name = "ada/files/md5/ab/0123456789abcdef0123456789abcd.dir"
    assert object_names.encode_name(name) == name.split("/")


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "a\rb", "é" * 513, "\ud800"])
def test_a_name_that_google_refuses_is_refused(name: str) -> None:
    with pytest.raises(ApiError) as error:
        object_names.check_name(name)
    assert error.value.status == 400


@pytest.mark.parametrize(
    "name", ["..", "../x", "/etc/passwd", "a//b", "C:/x", "a\\b", ".git/config", "nul", "a\0", "a."]
)
def test_a_folder_of_others_is_read_by_plain_names_alone(name: str) -> None:
    assert object_names.split_literal(name) is None
    assert object_names.split_literal("raw/Images/gp000001.jpg") == [
        "raw",
        "Images",
        "gp000001.jpg",
    ]
