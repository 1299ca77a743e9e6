"""The address that a fix names: whose it is, where the bucket is, what reaches it."""

from pathlib import Path

import pytest

from grader.grading import grade
from tests.grader import finished
from tests.grader.gallery import edit, save
from tests.grader.results import fix_of
from tests.repositories import run
from workshop import remote_addresses

SERVER = "dvc remote modify dvc-workshop"


def fix(repo: Path, check: str = "remote.default") -> list[str]:
    """The commands that the grader tells for a check that does not hold."""
    report = grade(repo, offline=True)
    entry = next(one for one in report.checks if one.id == check)
    assert entry.status == "fail", entry
    return str(fix_of(entry)).splitlines()


def settle(repo: Path, settings: str, config: str = "[core]\n    analytics = false\n") -> None:
    """What `grader start` wrote, and a config without the remote."""
    finished.write(repo / "workshop.toml", f"[workshop]\n{settings}")
    finished.write(repo / ".dvc" / "config", config)
    save(repo)


def test_without_a_remote_all_three_commands_are_told(repo: Path) -> None:
    settle(repo, 'attendee = "ada"\nraw = "gs://dvc-workshop-raw"\n')
    assert fix(repo)[:3] == [
        "dvc remote add -d dvc-workshop gs://dvc-workshop/ada",
        f"{SERVER} endpointurl http://127.0.0.1:4443",
        f"{SERVER} allow_anonymous_login true",
    ]


def test_the_name_is_that_of_the_last_commit_where_nobody_said_one(repo: Path) -> None:
    settle(repo, 'attendee = ""\n')
    run(repo, "git", "commit", "--quiet", "--amend", "--no-edit", "--author", "Grace H <g@x.org>")
    assert fix(repo)[0] == "dvc remote add -d dvc-workshop gs://dvc-workshop/grace"


def test_the_agreed_bucket_at_google_needs_no_server(repo: Path) -> None:
    settle(repo, 'remote = "gs://acme-cache/ada"\nraw = "gs://dvc-workshop-raw"\n')
    told = fix(repo)
    assert told[0] == "dvc remote add -d dvc-workshop gs://acme-cache/ada"
    assert not [line for line in told if "endpointurl" in line]


def test_the_server_that_another_remote_or_the_terminal_names_is_taken(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(repo, "")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://10.0.0.5:4443")
    assert fix(repo)[1] == f"{SERVER} endpointurl http://10.0.0.5:4443"
    other = "['remote \"other\"']\n    url = gs://x/y\n    endpointurl = http://10.0.0.6:4443\n"
    mine = "[core]\n    remote = mine\n['remote \"mine\"']\n    url = gs://BUCKET/ada\n"
    settle(repo, "", mine + other)
    assert fix(repo, "remote.url")[1] == "dvc remote modify mine endpointurl http://10.0.0.6:4443"


def test_a_placeholder_is_replaced_by_what_is_known(repo: Path) -> None:
    settle(repo, 'attendee = "ada"\n', "[core]\n    remote = x\n['remote \"x\"']\n"
           "    url = gs://YOUR-BUCKET/ada\n    endpointurl = http://10.0.0.5:4443\n")  # fmt: skip
    assert fix(repo, "remote.url")[:2] == [
        "dvc remote modify x url gs://dvc-workshop/ada",
        "dvc remote modify x allow_anonymous_login true",
    ]
    edit(repo, ".dvc/config", "gs://YOUR-BUCKET/ada", "gs://dvc-workshop-raw/raw")
    edit(repo, "workshop.toml", "[workshop]", '[workshop]\nraw = "gs://dvc-workshop-raw"')
    save(repo)
    assert fix(repo, "remote.own")[0] == "dvc remote modify x url gs://dvc-workshop/ada"


@pytest.mark.parametrize(
    "address",
    [
        *("gs://BUCKET/YOUR-NAME", "gs://dvc-workshop/YOUR-NAME", "gs://YOUR-BUCKET/ada"),
        *("gs://<bucket>/ada", "gs://dvc-workshop/your-name", "s3://BUCKET_NAME/{name}"),
        *("gs://CACHE/ada", "gs://dvc-workshop/NAME", "gs://…/ada"),
    ],
)
def test_what_was_left_of_a_text_is_seen(address: str) -> None:
    assert remote_addresses.placeholders(address)


@pytest.mark.parametrize(
    "address",
    [
        *("gs://dvc-workshop/ada", "gs://cache/ada", "s3://names/projects/url", "/mnt/NAME/remote"),
        *("gs://my-bucket/ada", "gs://bucket/x", "ssh://ada@example.com:22/srv/DATA", "remote://NAME/x"),
    ],
)  # fmt: skip
def test_a_real_address_has_no_placeholder(address: str) -> None:
    assert remote_addresses.placeholders(address) == []


@pytest.mark.parametrize(
    ("author", "name"),
    [("Ünal Kaya", "unal"), ("Jörg", "jorg"), ("Émilie", "emilie"), ("Straße", "strasse")],
)
def test_accents_are_left_out_of_a_name(repo: Path, author: str, name: str) -> None:
    settle(repo, f'attendee = "{author}"\n')
    assert fix(repo)[0] == f"dvc remote add -d dvc-workshop gs://dvc-workshop/{name}"


def test_neighbours_without_latin_letters_have_places_of_their_own(repo: Path) -> None:
    told = []
    for author in ("王芳", "李娜"):
        settle(repo, f'attendee = "{author}"\n')
        who = f"{author} <a@example.com>"
        run(repo, "git", "commit", "--quiet", "--amend", "--no-edit", "--author", who)
        told.append(fix(repo)[0])
    assert told[0] != told[1]
    assert "gs://dvc-workshop/attendee-" in told[0]
