"""`python -m workshop bucket`: what it says, how it stops, and what it cannot do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bucket_server import BUCKET, RAW_BUCKET, serving
from tests.repositories import ROOT
from workshop import activation


def refused(folder: Path, *options: str) -> str:
    """What the command says as it gives up."""
    done = subprocess.run(
        [sys.executable, "-m", "workshop", "bucket", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    return done.stderr


def test_it_says_what_to_type_and_stops_cleanly(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    with serving(tmp_path) as server:
        server.put("ada/x", b"x")
        text = server.log()
        assert server.stop() == 0
        assert server.log().endswith("stopped\n")
    for line in (
        f"export {activation.VARIABLE}=false",
        f'$env:{activation.VARIABLE} = "false"',
        "dvc remote add -d dvc-workshop gs://dvc-workshop/ada",
        f"dvc remote modify dvc-workshop endpointurl {server.endpoint}",
        "dvc remote modify dvc-workshop allow_anonymous_login true",
        "dvc import-url gs://dvc-workshop-raw/raw data/raw"
        f" --fs-config endpointurl={server.endpoint} --fs-config allow_anonymous_login=true",
    ):
        assert f"\n  {line}\n" in text
    assert "It asks nobody who they are" in text
    with serving(tmp_path) as server:
        assert server.get("ada/x").body == b"x"


def test_for_a_room_it_names_the_address_that_others_reach(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    with serving(tmp_path, "--host", "0.0.0.0") as server:
        text = server.log()
    assert "0.0.0.0" not in text
    assert "with your own name for YOUR-NAME" in text
    assert "gs://dvc-workshop/YOUR-NAME" in text


def test_the_posters_that_are_here_are_offered_and_copied_once(tmp_path: Path) -> None:
    posters = tmp_path / "data" / "raw"
    posters.mkdir(parents=True)
    (posters / "train.csv").write_bytes(b"Id,Genre\n")
    with serving(tmp_path) as server:
        (posters / "train.csv").write_bytes(b"changed")
        assert server.get("raw/train.csv", RAW_BUCKET).body == b"Id,Genre\n"
    with serving(tmp_path) as server:
        assert server.get("raw/train.csv", RAW_BUCKET).body == b"Id,Genre\n"


def test_what_a_killed_server_had_in_hand_is_removed_later(tmp_path: Path) -> None:
    partial = tmp_path / "bucket" / ".partial"
    partial.mkdir(parents=True)
    for name, time in (("old", 1_000_000_000), ("new", None)):
        (partial / name).write_bytes(b"half")
        if time:
            os.utime(partial / name, (time, time))
    with serving(tmp_path) as server:
        assert server.names() == []
        assert {path.name for path in partial.iterdir()} == {"new"}


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        text = refused(tmp_path, "--port", str(port), "--dir", str(tmp_path / "b"))
    error, fix = text.splitlines()
    assert error.startswith(f"error: the server cannot listen on 127.0.0.1, port {port}: ")
    assert fix.startswith("  fix: python -m workshop bucket --port ")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    error, fix = refused(tmp_path, "--dir", str(tmp_path / "file")).splitlines()
    assert "cannot be written" in error
    assert fix == "  fix: python -m workshop bucket --dir FOLDER"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "no port"),
        (["--port", "-1"], "port"),
        (["--name", "Not A Bucket"], "no name for a bucket"),
        (["--name", ".partial"], "no name for a bucket"),
        (["--raw", "nowhere"], "nowhere is no folder"),
        (["--host", "no such host"], "cannot listen on"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(
    tmp_path: Path, options: list[str], words: str
) -> None:
    assert words in refused(tmp_path, "--dir", str(tmp_path / BUCKET), *options)


def test_one_command_sets_up_a_terminal_everywhere(tmp_path: Path) -> None:
    for name, text in activation.texts(Path("/a folder/it's/bin")).items():
        (tmp_path / name).write_text(text, "utf-8", newline="\n")
    shell = tmp_path / "activate.ps1"
    assert "$env:PATH = '/a folder/it''s/bin' + " in shell.read_text("utf-8")
    assert f'$env:{activation.VARIABLE} = "false"\n' in shell.read_text("utf-8")
    if sys.platform == "win32":
        command = ["powershell", "-ExecutionPolicy", "Bypass", "-Command"]
        show = f"{activation.COMMAND}; $env:{activation.VARIABLE}; $env:PATH"
    else:
        command = ["sh", "-c"]
        show = f'{activation.COMMAND}; echo "${activation.VARIABLE}"; echo "$PATH"'
    done = subprocess.run(
        [*command, show], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    value, path = done.stdout.splitlines()
    assert value == "false"
    assert path.startswith("/a folder/it's/bin" + os.pathsep)


def test_a_windows_folder_is_one_for_git_bash_too() -> None:
    text = activation.texts(Path("C:\\Users\\ada\\.venv\\Scripts"))["activate"]
    assert "export PATH='/c/Users/ada/.venv/Scripts':\"$PATH\"" in text
