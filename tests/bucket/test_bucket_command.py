"""`python -m workshop bucket`: what it says, how it stops, and what it cannot do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bucket.folders import BucketFolders
from bucket.options import ServerOptions
from bucket.raw_data import RawFiles
from tests.bucket_server import BUCKET, RAW_BUCKET, serving
from tests.repositories import ROOT, environment, run
from workshop import activation
from workshop.commands.bucket_messages import BucketMessages


def refused(folder: Path, *options: str) -> str:
    """What the command says as it gives up."""
    process = subprocess.run(
        [sys.executable, "-m", "workshop", "bucket", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode in (1, 2)
    assert "Traceback" not in process.stderr
    return process.stderr


def test_it_says_what_to_type_and_stops_cleanly(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    (tmp_path / "activate").write_text("", "utf-8")
    with serving(tmp_path) as server:
        server.put("ada/x", b"x")
        text, page = server.log(), server.ask("GET", "/").body.decode()
        assert server.stop() == 0
        assert server.log().endswith("stopped\n")
    now = (
        "dvc remote add -d dvc-workshop gs://dvc-workshop/ada",
        f"dvc remote modify dvc-workshop endpointurl {server.endpoint}",
        "dvc remote modify dvc-workshop allow_anonymous_login true",
    )
    first = commands_in(text)[0]
    assert first in (f"export {activation.VARIABLE}=false", f'$env:{activation.VARIABLE} = "false"')
    assert commands_in(text)[1:] == [activation.COMMAND, *now]
    for line in (
        f"export {activation.VARIABLE}=false",
        f'$env:{activation.VARIABLE} = "false"',
        *now,
        "dvc import-url gs://dvc-workshop-raw/raw data/raw"
        f" --fs-config endpointurl={server.endpoint} --fs-config allow_anonymous_login=true",
    ):
        assert f"\n  {line}\n" in page
    assert "It asks nobody who they are" in text
    assert f"gs://dvc-workshop: what is pushed, in {server.folder / BUCKET}\n" in text
    assert len(text.splitlines()) <= 15
    with serving(tmp_path) as server:
        assert server.get("ada/x").body == b"x"


def commands_in(text: str) -> list[str]:
    """What is to be typed, by what the server prints at its start."""
    block = text.partition("In another terminal")[2].partition("\n\n")[0]
    return [line.strip() for line in block.splitlines()[1:]]


@pytest.mark.parametrize(
    ("system", "line"),
    [("linux", "export {}=false"), ("darwin", "export {}=false"), ("win32", '$env:{} = "false"')],
)
def test_the_variable_comes_first_in_the_words_of_the_systems_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, line: str
) -> None:
    """In a folder that ``grader start`` did not make, such as a clone, nothing else sets it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "platform", system)
    options = ServerOptions(
        "python -m workshop bucket", "127.0.0.1", 4443, tmp_path, BUCKET, None, None, False
    )
    folders = BucketFolders(tmp_path, tmp_path, tmp_path, "", RawFiles([], {}))
    first, *others = commands_in(BucketMessages().welcome(options, folders))
    assert first == line.format(activation.VARIABLE)
    assert [command.split()[:2] for command in others] == [["dvc", "remote"]] * 3


@pytest.mark.slow
@pytest.mark.parametrize("has_activate", [True, False], ids=["own repository", "clone"])
def test_what_it_prints_works_as_it_is_pasted(tmp_path: Path, has_activate: bool) -> None:
    """In a terminal in which the variable is not set: without it a push waits for minutes."""
    repo = tmp_path / "repo"
    repo.mkdir()
    run(repo, "git", "init", "--quiet")
    run(repo, "dvc", "init", "--quiet")
    (repo / "workshop.toml").write_text("[workshop]\nattendee = 'Jürgen Müller'\n", "utf-8")
    (repo / "a.txt").write_text("a")
    run(repo, "dvc", "add", "--quiet", "a.txt")
    if has_activate:
        for name, script in activation.scripts().items():
            (repo / name).write_text(script, "utf-8")
    with serving(tmp_path / "server", cwd=repo) as server:
        pasted = "\n".join([*commands_in(server.log()), "dvc push"])
        environment_there = {**environment(repo), "PYTHONIOENCODING": "utf-8"}
        environment_there.pop(activation.VARIABLE, None)
        windows = sys.platform == "win32"
        shell = ["powershell", "-NoProfile", "-Command", "-"] if windows else ["bash", "-e"]
        done = subprocess.run(
            shell, input=pasted.encode(), cwd=repo, env=environment_there, timeout=100,
            capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr.decode()
        assert "1 file pushed" in done.stdout.decode()
        assert server.names() == ["jurgen/files/md5/0c/c175b9c0f1b6a831c399e269772661"]


def test_for_a_room_it_names_the_address_that_others_reach(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    with serving(tmp_path, "--host", "0.0.0.0") as server:
        text = server.log()
    assert "0.0.0.0" not in text
    assert "in your repository, with your own name for YOUR-NAME:" in text
    assert "gs://dvc-workshop/YOUR-NAME" in text


def test_the_posters_that_are_here_are_offered_and_copied_once(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    posters = posters_in(tmp_path)
    with serving(tmp_path) as server:
        (posters / "train.csv").write_bytes(b"changed")
        assert server.get("raw/train.csv", RAW_BUCKET).body == b"Id,Genre\n"
        raw_dir = server.folder / RAW_BUCKET / "raw"
        line = f"gs://{RAW_BUCKET}/raw: 2 files, read-only, in {raw_dir}"
        assert f"{line}, copied now from {posters}\n" in server.log()
    with serving(tmp_path) as server:
        assert server.get("raw/train.csv", RAW_BUCKET).body == b"Id,Genre\n"
        assert f"{line}\n" in server.log()


def test_posters_that_are_no_attendees_are_not_copied(tmp_path: Path) -> None:
    posters = posters_in(tmp_path)
    with serving(tmp_path) as server:
        assert server.names(bucket=RAW_BUCKET) == []
        text = server.log()
    assert f"{posters} has 2 files, and belongs to no repository of `grader start`" in text
    command = f"python -m workshop bucket --raw {Path('data', 'raw')}"
    assert f"To offer them all the same: {command}\n" in text
    with serving(tmp_path, *command.split()[4:]) as server:
        assert len(server.names(bucket=RAW_BUCKET)) == 2
        assert f"raw: 2 files, read-only, in {posters}\n" in server.log()


def posters_in(folder: Path) -> Path:
    posters = folder / "data" / "raw"
    (posters / "Images").mkdir(parents=True)
    (posters / "train.csv").write_bytes(b"Id,Genre\n")
    (posters / "Images" / "a.jpg").write_bytes(b"a poster")
    return posters


def test_raw_files_that_nobody_can_import_are_told(tmp_path: Path) -> None:
    posters = posters_in(tmp_path)
    for name in (".hidden", "aux.jpg", ".DS_Store"):
        (posters / name).write_bytes(b"x")
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_bytes(b"secret")
    (posters / "folder").mkdir()
    linked = link(posters / "Images" / "b.jpg", posters / "Images" / "a.jpg")
    for path, target in (
        ("dangling", tmp_path / "nowhere"),
        ("folder/out", secret / "key"),
        ("secret", secret),
        ("self", posters),
    ):
        link(posters / path, target)
    with serving(tmp_path, "--raw", str(posters)) as server:
        text, names = server.log(), server.names(bucket=RAW_BUCKET)
        for hidden in ("secret/key", "folder/out", "self/train.csv", "dangling", ".hidden"):
            assert server.get(f"raw/{hidden}", RAW_BUCKET).status == 404
    images = ["raw/Images/a.jpg", *(["raw/Images/b.jpg"] if linked else [])]
    assert names == [*images, "raw/train.csv"]
    assert f"{len(names)} files, read-only" in text
    assert "'.hidden': its name starts with a dot\n" in text
    assert "'aux.jpg': not every computer can hold its name\n" in text
    if linked:
        assert "WARNING: 6 files there that nobody can import" in text
        assert "'dangling': it is a link to what is not there\n" in text
        assert "      and 3 more\n" in text
    assert "Give them plain names, put files in place of links" in text


def link(path: Path, target: Path) -> bool:
    """Whether this computer makes links; Windows asks for a right."""
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        return False
    return True


def test_a_link_to_what_is_outside_is_not_copied_with_the_posters(tmp_path: Path) -> None:
    (tmp_path / "workshop.toml").write_text("[workshop]\nattendee = 'ada'\n", "utf-8")
    posters = posters_in(tmp_path)
    if not link(posters / "home", tmp_path):
        pytest.skip("this computer makes no links")
    with serving(tmp_path) as server:
        assert server.names(bucket=RAW_BUCKET) == ["raw/Images/a.jpg", "raw/train.csv"]
        assert (
            "WARNING: 1 file there that nobody can import:\n      'home': it is a" in server.log()
        )


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
    assert error.startswith(f"error: port {port} of 127.0.0.1 is taken; by a bucket server in ")
    assert fix.startswith(f"  fix: python -m workshop bucket --port {port + 1} ")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        error, fix = refused(tmp_path, "--dir", str(folder)).splitlines()
        assert error == f"error: {tmp_path / 'file'} is a file, and objects are kept in a folder"
        assert fix.startswith("  fix: python -m workshop bucket --dir FOLDER ")
    error, fix = refused(tmp_path, "--dir", str(tmp_path / ("x" * 300))).splitlines()
    assert "cannot be written: " in error


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "no port"),
        (["--port", "-1"], "port"),
        (["--name", "Not A Bucket"], "no name for a bucket"),
        (["--name", ".partial"], "no name for a bucket"),
        (["--name", "dvc-workshop-raw"], "-raw is the end of what the bucket of the raw data is"),
        (["--name", "con"], "Windows has no folder of that name"),
        (["--name", "goog-room"], "Google keeps names with its own name for itself"),
        (["--name", "a-google-b"], "Google keeps names with its own name for itself"),
        (["--name", "room."], "3 to 59 of a-z, 0-9 and -"),
        (["--dir", ""], "argument --dir: it is empty"),
        (["--raw", ""], "argument --raw: it is empty"),
        (["--host", ""], "argument --host: it is empty"),
        (["--raw", "nowhere"], "nowhere is no folder"),
        (["--raw", "x" * 300], "is no folder"),
        (["--host", "no such host"], "no computer is called that"),
        (["--host", "x" * 300], "no computer is called that"),
        (["--host", "a..b"], "no computer is called that"),
        (["--host", "203.0.113.7"], "is no address of this computer"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(
    tmp_path: Path, options: list[str], words: str
) -> None:
    assert words in refused(tmp_path, "--dir", str(tmp_path / BUCKET), *options)


def test_one_command_sets_up_a_terminal_everywhere(tmp_path: Path) -> None:
    programs_dir = tmp_path / "a folder" / "it's" / "bin"
    for name, text in activation.scripts(programs_dir).items():
        (tmp_path / name).write_text(text, "utf-8", newline="\n")
    shell = (tmp_path / "activate.ps1").read_text("utf-8")
    assert f"$env:PATH = '{str(programs_dir).replace(chr(39), chr(39) * 2)}' + " in shell
    assert f'$env:{activation.VARIABLE} = "false"\n' in shell
    lines = activated(tmp_path)
    assert lines[0] == "error: there is no dvc where the workshop's environment was:"
    assert lines[1] == str(programs_dir)
    programs_dir.mkdir(parents=True)
    (programs_dir / "dvc").touch()
    first_line, value, path = activated(tmp_path)
    assert first_line == "The workshop's dvc, python and grader are on in this terminal."
    assert value == "false"
    assert path.startswith(str(programs_dir) + os.pathsep)


def activated(folder: Path) -> list[str]:
    """What a terminal prints when it is set up, and then the variable and the path that it has."""
    if sys.platform == "win32":
        command = ["powershell", "-ExecutionPolicy", "Bypass", "-Command"]
        show = f"{activation.COMMAND}; $env:{activation.VARIABLE}; $env:PATH"
    else:
        command = ["sh", "-c"]
        show = f'{activation.COMMAND}; echo "${activation.VARIABLE}"; echo "$PATH"'
    process = subprocess.run(
        [*command, show], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return process.stdout.splitlines()


def test_a_windows_folder_is_one_for_git_bash_too() -> None:
    text = activation.scripts(Path("C:\\Users\\ada\\.venv\\Scripts"))["activate"]
    assert "export PATH='/c/Users/ada/.venv/Scripts':\"$PATH\"" in text


@pytest.mark.parametrize(
    ("objects", "offered"),
    [
        ("data/raw", "data/raw"),
        ("data/raw/x", "data/raw"),
        ("data/raw/x", None),  # the posters of the repository
        ("kept", "kept/dvc-workshop/ada"),
    ],
)
def test_raw_data_and_objects_are_kept_apart(
    objects: str, offered: str | None, tmp_path: Path
) -> None:
    for folder in ("data/raw", "kept/dvc-workshop/ada"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "workshop.toml").write_text("", "utf-8")
    text = refused(tmp_path, "--dir", objects, *(["--raw", offered] if offered else []))
    assert "are one in the other" in text
    assert "fix: python -m workshop bucket --dir FOLDER" in text
    assert not (tmp_path / "data" / "raw" / "x").exists()
