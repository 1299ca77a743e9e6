"""`grader hint`: three steps for a check, and a page for each message that stops people."""

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader import commands, hint
from grader.checks import CHECKS
from grader.grading import grade
from tests.grader import finished
from tests.grader.command_line import grader
from tests.grader.gallery import MISTAKES, Mistake, append, edit, edit_stages
from tests.repositories import environment, run
from workshop.course import hint_pages
from workshop.course.hint_pages import HintPage, pages
from workshop.course.manifest import LESSONS_DIR, Page, course
from workshop.course.questions import question_of
from workshop.shell import stop_block

NEVER_SAID = ("simply", "obviously", "invalid", "just ", "easy", "of course", "please", "sorry")
SHELL_WORDS = ("&&", "||", "\\", ";", " > ", " | ", "~/", "$ ")


def hinted(repo: Path, *words: str) -> str:
    """What `grader hint` prints."""
    done = grader("hint", *words, "--repo", str(repo), cwd=repo.parent)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_three_calls_give_three_steps_and_a_new_finding_starts_over(repo: Path) -> None:
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    first, second, third, fourth = (hinted(repo) for _ in range(4))
    assert first.startswith("data.committed, step 1 of 3\n")
    assert course().check("data.committed").ask in first
    assert "git add" not in first
    assert "Look at params.yaml, in your folder" in second
    add = "git add params.yaml dvc.lock results/metrics/test.json"
    first_two = stop_block(["dvc repro", add, "git commit"])[:2]
    assert "".join(f"\n  {line}" for line in first_two) in third
    assert third.endswith("To see that it worked:\n  grader check --only data.committed\n")
    assert fourth == third
    append(repo, "dvc.yaml", "# A line.\n")
    assert "step 1 of 3" in hinted(repo)
    assert "step 2 of 3" in hinted(repo)
    run(repo, "git", "checkout", "--quiet", "params.yaml", "dvc.yaml")
    assert hinted(repo, "data.committed") == (
        "data.committed holds: there is nothing to mend.\nWhat is next: grader hint\n"
    )


def test_a_pass_starts_over(repo: Path) -> None:
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    assert "step 1" in hinted(repo)
    edit(repo, "params.yaml", "dpi: 90", "dpi: 100")
    assert hinted(repo) == "Nothing is left to mend. To see all of it: grader check\n"
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    assert "step 1" in hinted(repo)


def test_a_step_can_be_chosen_and_all_start_over(repo: Path) -> None:
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    assert "step 3" in hinted(repo, "--step", "3")
    assert "step 3" in hinted(repo)
    assert "step 1" in hinted(repo, "--reset")


def test_what_it_remembers_is_kept_for_each_repository(repo: Path, tmp_path: Path) -> None:
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    report = grade(repo, offline=True)
    action = report.next
    assert action
    hint.HintHistory(repo).record(action.result, 2)
    assert hint.HintHistory(repo).next_step(action.result) == 3
    assert hint.HintHistory(tmp_path).next_step(action.result) == 1
    assert not list(repo.rglob("hints"))


def test_a_damaged_memory_is_no_matter(repo: Path) -> None:
    folder = Path(os.environ["DVC_WORKSHOP_CACHE_DIR"], "hints")
    edit(repo, "params.yaml", "dpi: 100", "dpi: 90")
    hinted(repo)
    for content in ("", "[]", "{", '{"data.committed": 3}', '{"data.committed": ["x", "y"]}'):
        for path in folder.iterdir():
            path.write_text(content)
        assert "step 1" in hinted(repo)


def test_what_waits_names_what_it_waits_for(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))
    edit(repo, "dvc.lock", "schema", "schema_")
    entry = next(e for e in grade(repo, offline=True).checks if e.status == "blocked")
    assert f"That one first: grader hint {entry.blocked_by}\n" in hinted(repo, entry.id)


def test_a_code_names_the_first_check_that_finds_it(repo: Path) -> None:
    append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")
    assert hinted(repo, "lock-stale").startswith("evaluate.current, step 1 of 3\n")


def test_a_code_that_is_not_found_is_told_by_its_name(repo: Path) -> None:
    told = hinted(repo, "remote-url-malformed")
    assert told == (
        "remote-url-malformed is not found in this repository. remote.url holds: there is\n"
        "nothing to mend.\nWhat is next: grader hint\n"
    )
    edit(repo, "dvc.lock", "schema", "schema_")
    told = hinted(repo, "out-not-pushed")
    assert told.startswith("out-not-pushed cannot be checked yet. share.pushed: waits for ")
    assert "That one first: grader hint " in told


def test_a_whole_log_is_not_echoed(tmp_path: Path) -> None:
    for words in (("hint", "x" * 90_000), ("explain", "x" * 90_000)):
        done = grader(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert len(done.stderr) < 5_000


def test_words_that_nobody_knows_are_told_with_what_there_is(tmp_path: Path) -> None:
    done = grader("hint", "the", "moon", cwd=tmp_path)
    assert done.returncode == 2
    assert (
        "no check is called 'the moon', and no message that is known has these words" in done.stderr
    )
    assert not any(page.messages[0] in done.stderr for page in pages())
    what, fix = done.stderr.splitlines()
    assert what.startswith("error: no check is called")
    assert fix.startswith("  fix: paste the line that begins with ERROR")


@pytest.mark.parametrize(
    ("words", "close"),
    [
        ("cannot acquire the lock", "Unable to acquire lock"),
        ("the lock cannot be aquired", "Unable to acquire lock"),
        ("tracked in SCM already", "output '…' is already tracked by SCM"),
        ("train.parms", "train.params"),
        ("my credentials could not be found", "Your default credentials were not found"),
        ("which processes have such PIDs", "If there are no processes with such PIDs"),
    ],
)
def test_words_that_are_nearly_known_name_the_closest_few(
    words: str, close: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert commands.main(["hint", words]) == 2
    told = capsys.readouterr().err
    assert f"  {close}\n" in told
    assert told.count("\n  ") <= 4 + 1  # the last is what to do
    if close not in CHECKS:
        assert commands.main(["hint", close]) == 0


@pytest.mark.parametrize("mistake", MISTAKES[::5], ids=lambda one: one.name)
def test_hints_read_as_hints_do(repo: Path, mistake: Mistake) -> None:
    """80 columns but for commands, which are to be pasted.

    That the next action is that of `check`, test_mistakes.py asserts of each mistake.
    """
    mistake.apply(repo)
    for one in grade(repo).checks:
        texts = [hint.render_step(one, step) for step in (1, 2, 3)] if one.status == "fail" else []
        for text in texts or [hint.render_status(one)]:
            told, head, _ = _parts(text)
            assert_fits(told)
            assert head or text not in texts[2:]
        ours = replace(one, actual=None)  # which may quote what another program says
        if texts:
            assert_reads_well(hint.render_step(ours, 2) + _parts(hint.render_step(ours, 3))[0])


def _parts(text: str) -> tuple[str, str, str]:
    """What is said, the word before the commands, and the commands."""
    parts = re.split(r"^(Type|Try|By hand):\n", text, maxsplit=1, flags=re.MULTILINE)
    said, head, commands = [*parts, "", ""][:3]
    return said, head, commands


def assert_fits(text: str) -> None:
    """A single word may be longer, a path for one."""
    for line in text.splitlines():
        assert len(line) <= hint.WIDTH or " " not in line.strip(), line


def assert_reads_well(text: str) -> None:
    """What is in capitals is a name: INVALID_PROTOBUF of ONNX Runtime."""
    assert_fits(text)
    assert not [w for w in NEVER_SAID if w in text or w.capitalize() in text]


@pytest.mark.parametrize("page", pages(), ids=lambda one: one.id)
def test_a_page_reads_as_a_hint_does(page: HintPage) -> None:
    text = hint.render_page(page)
    assert all(len(line) <= hint.WIDTH for line in text.splitlines())
    assert not [word for word in NEVER_SAID if word in text.lower()]
    for sentence in (page.fact, page.why, page.seen):
        assert sentence[0].isupper() or sentence.startswith(
            ("dvc", "doctor", "gcsfs", "git", "data", "ls")
        )
        assert sentence.endswith((".", "x.py", "?"))
    assert page.type
    for command in page.type:
        shells_part = command.replace('"~/', '"')  # in quotes it is for DVC, which knows ~ too
        assert not [word for word in SHELL_WORDS if word in shells_part]
        assert re.match(
            r"\. ./activate$|(cd|dvc|git|grader|python|workshop|uvicorn|ls|rm|Set-)", command
        )


def test_each_message_leads_to_its_own_page() -> None:
    assert len({page.id for page in pages()}) == len(pages())
    for page in pages():
        for message in page.messages:
            assert hint_pages.find_page(message) is page, message
            pasted = f"ERROR: x\n{message.upper()[:9]}\n  {message.upper()[9:]} and more\n"
            assert hint_pages.find_page(pasted) is page, message


# What takes minutes, or Google, to provoke; the others are provoked below.
TOLD = [
    (
        "gs-waits",
        "Could not determine bucket type for bucket name dvc-workshop: Timeout of 60.0s exceeded,"
        " last exception: 503 failed to connect to all addresses; last error: UNAVAILABLE:"
        " ipv4:127.0.0.1:4443: Handshake read failed, falling back to GCSFileSystem",
    ),
    (
        "bucket-down",
        "ERROR: unexpected error - Cannot connect to host 127.0.0.1:4443 ssl:default [Connect call"
        " failed ('127.0.0.1', 4443)]: [Errno 111] Connect call failed ('127.0.0.1', 4443)",
    ),
    (
        "bucket-down",
        "ERROR: failed to connect to gs (dvc-workshop/ada/files/md5) - Cannot connect to host"
        " 192.168.1.20:4443 ssl:default\nERROR: failed to pull data from the cloud",
    ),
    (
        "read-only",
        "ERROR: failed to transfer 'b8fbaee25abfdb6c284bce26abdd32b8' - Forbidden:"
        " http://127.0.0.1:4443/upload/storage/v1/b/dvc-workshop-raw/o\nThe bucket"
        " dvc-workshop-raw holds the raw data of all, and is read-only.\n"
        "ERROR: failed to push data to the cloud - 35 files failed to upload",
    ),
    (
        "anonymous",
        "ERROR: unexpected error - Anonymous caller does not have storage.objects.create access to"
        " the Google Cloud Storage object. Permission 'storage.objects.create' denied on resource"
        " (or it may not exist)., 401",
    ),
    (
        "read-only",
        "ERROR: ada@example.com does not have storage.objects.create access to the Google Cloud"
        " Storage object. Permission 'storage.objects.create' denied on resource",
    ),
    ("no-bucket", "ERROR: unexpected error - b/nosuch/o"),
    ("endpoint", "ERROR: unexpected error - b/dvc-workshop/o"),
    (
        "endpoint",
        "ERROR: unexpected error - Cannot connect to host 127.0.0.1:4443 ssl:default [None]: ",
    ),
    ("no-activate", "zsh: no such file or directory: ./activate"),
    ("no-activate", ". : The term './activate' is not recognized as the name of a cmdlet,"),
    (
        "not-activated",
        "Traceback (most recent call last):\nModuleNotFoundError: No module named 'dvc'\n",
    ),
    (
        "no-pipeline",
        "'data/raw.dvc' didn't change, skipping\npython: Error while finding module specification"
        " for 'pipeline.plot' (ModuleNotFoundError: No module named 'pipeline')\n"
        "ERROR: failed to reproduce 'plot': failed to run: python -m pipeline.plot, exited with 1",
    ),
    ("no-scm", "ERROR: /home/ada is not tracked by any supported SCM tool (e.g. Git)."),
    (
        "no-git-repository",
        "fatal: not a git repository (or any of the parent directories): .git",
    ),
    ("already-tracked", "output 'models/classifier.onnx' is already tracked by SCM (e.g. Git)."),
    ("config-in-ascii", "ERROR: unexpected error - 'ascii' codec can't encode character '\\xfc' in"
                        " position 58: ordinal not in range(128)"),
    ("word-too-many", "ERROR: unrecognized arguments: Lovelace\nusage: dvc remote add [-h]"),
    ("word-too-many", "grader: error: unrecognized arguments: workshop"),
    ("unrecognized-arguments", "ERROR: unrecognized arguments: -n python x.py"),
    ("anonymous", "gcsfs.retry.HttpError: Anonymous caller does not have"
                              " storage.objects.create access to the Google Cloud Storage object."
                              " Permission 'storage.objects.create' denied on resource (or it may"
                              " not exist)., 401"),
    ("anonymous", "Anonymous caller does not have storage.objects.list access to the"
                              " Google Cloud Storage bucket."),
    ("conflict-elsewhere", "CONFLICT (content): Merge conflict in pipeline/plot/plots.py"),
    ("conflict-in-lock", "'./dvc.lock' is invalid (possible merge conflicts).\n\nWhile scanning"),
    ("service-down", "curl: (7) Failed to connect to 127.0.0.1 port 8001 after 0 ms: Couldn't"),
    ("no-such-data", "zsh: cd: no such file or directory: my-workshop"),
    ("git-editor", "# Please enter a commit message to explain why this merge is necessary,"),
    ("not-activated", "bash: ./activate: Permission denied"),
    ("commit-unreadable", "WARNING: failed to collect '9f2bee8ded', skipping\n2 files pushed"),
    ("commit-unreadable", "ERROR: Failed to collect 'f500c0b7ba': './dvc.lock' validation failed in"
                          " revision 'f500c0b': 5 errors: extra keys not allowed @ data['stages']"),
    ("lock-unreadable", "'./dvc.lock' validation failed: 5 errors.\n\nextra keys not allowed, in"),
    ("conflict", "CONFLICT (content): Merge conflict in dvc.lock\nAutomatic merge failed; fix"
                 " conflicts and then commit the result."),
]  # fmt: skip


@pytest.mark.parametrize(("page", "message"), TOLD, ids=[message[:40] for _, message in TOLD])
def test_a_message_finds_its_page(page: str, message: str) -> None:
    found = hint_pages.find_page(message)
    assert found and found.id == page, found


@pytest.mark.parametrize(
    "text",
    ["the door does not exist", "exit", "404", "ERROR", "error:", "fatal:", "Unexpected error",
     "ERROR: failed to", "not found"],
)  # fmt: skip
def test_words_of_anything_find_no_page(text: str) -> None:
    assert hint_pages.find_page(text) is None


def test_a_page_is_about_the_file_that_the_message_names() -> None:
    broken = (
        "ERROR: unable to read: 'params.yaml', YAML file structure is corrupted: mapping values are"
        ' not allowed here\n  in "<unicode string>", line 29, column 21:'
    )
    page = hint_pages.find_page(broken)
    assert page
    text = hint.render_page(page.fill_in(broken))
    assert "DVC cannot read params.yaml: " in text
    assert "and the one above" in " ".join(text.split())
    assert "\n  git diff params.yaml\n" in text
    for message in ("'./dvc.yaml' validation failed.", "extra keys not allowed, in train, line 23"):
        page = hint_pages.find_page(message)
        assert page and "git diff dvc.yaml" in hint.render_page(page.fill_in(message))


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ("ERROR:  output 'models/x.onnx' is already tracked by SCM (e.g. Git).", "models/x.onnx"),
        ("output 'my data/raw'\nis already tracked by SCM", '"my data/raw"'),
        ("is already tracked by SCM", "PATH"),
        ("output 'a'b\x1b[31m' is already tracked by SCM", "PATH"),
    ],
)
def test_a_page_types_the_name_that_stands_in_the_message(message: str, command: str) -> None:
    page = hint_pages.find_page(message)
    assert page
    assert page.fill_in(message).type == (f"git rm -r --cached {command}",)


def test_the_page_on_a_stage_without_a_command_says_what_the_lesson_does() -> None:
    """The lessons put the command at the end, in quotes."""
    page = hint_pages.find_page("ERROR: command is not specified")
    assert page
    assert "in quotes" in page.why
    assert page.seen.endswith('dvc stage add -n x "python x.py".')
    texts = [path.read_text("utf-8") for path in LESSONS_DIR.glob("*.md")]
    added = re.findall(r"^dvc stage add -n .*$", "\n".join(texts), re.MULTILINE)
    assert added
    assert all(line.endswith('"') for line in added)


def test_a_page_about_a_file_names_no_other() -> None:
    (page,) = [one for one in pages() if one.id == "already-tracked"]
    assert not [command for command in page.type if "data/raw" in command]


def test_no_id_of_a_check_is_taken_for_a_message() -> None:
    for name in CHECKS:
        assert grader_names(name) == [name]


def grader_names(name: str) -> list[str]:
    from grader.commands import _find_checks

    return _find_checks(name)


@pytest.mark.parametrize(
    "ask", [check.ask for lesson in course().lessons for check in lesson.checks]
)
def test_a_question_fits(ask: str) -> None:
    assert_reads_well(ask)


# ── The messages themselves, as DVC and git print them ──

Provoke = Callable[[Path], list[str]]


def _tracked(repo: Path) -> list[str]:
    (repo / "data" / "other").mkdir()
    (repo / "data" / "other" / "a.txt").write_text("a")
    run(repo, "git", "add", "--force", "data/other")
    return ["dvc", "add", "data/other"]


def _no_identity(repo: Path) -> list[str]:
    return ["git", "-c", "user.useConfigOnly=true", "commit", "--allow-empty", "--message", "x"]


def _missing(repo: Path) -> list[str]:
    finished.change_pipeline(repo, lambda stages: stages["train"]["deps"].append("data/absent"))
    return ["dvc", "repro", "train", "--single-item"]


def _no_source(repo: Path) -> list[str]:
    shutil.rmtree(repo / "data" / "raw")
    shutil.rmtree(repo / ".dvc" / "cache")
    return ["dvc", "repro"]


def _detached(repo: Path) -> list[str]:
    return ["git", "checkout", "HEAD~1"]


def _conflict(repo: Path) -> list[str]:
    run(repo, "git", "checkout", "--quiet", "-b", "other", "HEAD~2")
    finished.change_param(repo, "plot", "examples", 15)
    finished.record(repo, "plot")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Other")
    return ["git", "merge", "main"]


def _reading_a_conflict(repo: Path) -> list[str]:
    run(repo, *_conflict(repo), exit_codes=(1,))
    run(repo, "git", "checkout", "--ours", "params.yaml")
    return ["dvc", "status"]


def _lock_edited(repo: Path) -> list[str]:
    edit(repo, "dvc.lock", "outs:", "outz:")
    return ["dvc", "status"]


def _params_broken(repo: Path) -> list[str]:
    edit(repo, "params.yaml", "  dropout:", "dropout:")
    return ["dvc", "status"]


def _conflict_in_params(repo: Path) -> list[str]:
    run(repo, "git", "checkout", "--quiet", "-b", "other", "HEAD~2")
    finished.change_param(repo, "plot", "examples", 15)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Other")
    return ["git", "merge", "main"]


def _in_conflict(repo: Path) -> list[str]:
    run(repo, *_conflict_in_params(repo), exit_codes=(0, 1))
    return ["git", "commit", "--message", "x"]


def _with_a_neighbour(repo: Path) -> None:
    """Who pushed another value of a param since."""
    run(repo, "git", "clone", "--quiet", "--bare", ".", "../shared.git")
    run(repo, "git", "remote", "add", "origin", "../shared.git")
    run(repo, "git", "push", "--quiet", "-u", "origin", "main")
    neighbour = repo.parent / "neighbour"
    run(repo, "git", "clone", "--quiet", "../shared.git", str(neighbour))
    finished.change_param(neighbour, "plot", "examples", 15)
    run(neighbour, "git", "commit", "--quiet", "--all", "--message", "Neighbour")
    run(neighbour, "git", "push", "--quiet")


def _diverged(repo: Path) -> list[str]:
    _with_a_neighbour(repo)
    run(repo, "git", "commit", "--quiet", "--allow-empty", "--message", "Mine")
    return ["git", "pull"]


def _overwritten_by_pull(repo: Path) -> list[str]:
    _with_a_neighbour(repo)
    edit(repo, "params.yaml", "examples: 12", "examples: 13")
    return ["git", "pull", "--no-rebase"]


def _in_a_circle(repo: Path) -> list[str]:
    finished.change_pipeline(
        repo, lambda stages: stages["preprocess"]["deps"].append("results/plots")
    )
    return ["dvc", "repro"]


def _in_a_longer_circle(repo: Path) -> list[str]:
    finished.change_pipeline(
        repo, lambda stages: stages["train"]["deps"].append("models/classifier.onnx")
    )
    return ["dvc", "repro"]


def _git_ignored(repo: Path) -> list[str]:
    append(repo, ".gitignore", "dvc.yaml\n")
    return ["dvc", "stage", "add", "-n", "x", "-o", "y", "echo"]


def _dvcignored(repo: Path) -> list[str]:
    append(repo, ".dvcignore", "/data/raw\n")
    return ["dvc", "repro", "preprocess"]


def _no_pipeline(repo: Path) -> list[str]:
    (repo / "pipeline").rename(repo / "code")
    return ["python", "-S", "-m", "pipeline.plot"]  # without the project, where it is installed


def _model_tracked(repo: Path) -> list[str]:
    run(repo, "git", "add", "--force", "models/classifier.onnx")
    return ["dvc", "commit", "--force", "export"]


def _not_pushed(repo: Path) -> list[str]:
    config = (repo / ".dvc" / "config").read_text("utf-8")
    empty = repo.parent / "empty"
    finished.write(
        repo / ".dvc" / "config", config.replace(str(repo.parent / "remote"), str(empty))
    )
    shutil.rmtree(repo / ".dvc" / "cache")
    return ["dvc", "pull"]


def _no_remote(repo: Path) -> list[str]:
    finished.write(repo / ".dvc" / "config", "")
    return ["dvc", "push"]


def _locked(repo: Path) -> list[str]:
    """As while another terminal runs DVC."""
    lock = "import sys, time, zc.lockfile; l = zc.lockfile.LockFile('.dvc/tmp/lock'); print()\n"
    (repo / ".dvc" / "tmp").mkdir(exist_ok=True)
    code = f"{lock}sys.stdout.flush(); time.sleep(60)"
    process = subprocess.Popen(["python", "-c", code], cwd=repo, stdout=subprocess.PIPE,
                               env=environment(repo))  # fmt: skip
    assert process.stdout
    process.stdout.readline()
    LOCKING.append(process)
    return ["dvc", "add", "params.yaml"]


LOCKING: list["subprocess.Popen[bytes]"] = []


def _broken_yaml(repo: Path) -> list[str]:
    append(repo, "dvc.yaml", "  evaluate2:\n    cmdd: x\n")
    return ["dvc", "status"]


def _failing(repo: Path) -> list[str]:
    finished.change_pipeline(repo, lambda stages: stages["plot"].update(cmd="python -c 1/0"))
    return ["dvc", "repro", "--single-item", "plot"]


def _outside(repo: Path) -> list[str]:
    shutil.rmtree(repo / ".dvc")
    return ["dvc", "status"]


def _no_git(repo: Path) -> list[str]:
    shutil.rmtree(repo / ".git")
    return ["git", "status"]


def _broken_module(repo: Path) -> list[str]:
    """All stages above it are skipped, which DVC says of each."""
    path = repo / "pipeline" / "plot" / "plots.py"
    finished.write(path, "import nosuch\n" + path.read_text("utf-8"))
    return ["dvc", "repro"]


def _no_plugin(repo: Path) -> list[str]:
    run(repo, "dvc", "remote", "add", "--force", "--default", "other", "azure://bucket/x")
    return ["dvc", "push"]


def _status_in_a_conflict(repo: Path) -> list[str]:
    run(repo, *_conflict(repo), exit_codes=(0, 1))
    run(repo, "git", "checkout", "--theirs", "params.yaml")
    run(repo, "git", "add", "params.yaml")
    return ["git", "status"]


def _dvc_in_a_conflict(repo: Path) -> list[str]:
    run(repo, *_conflict(repo), exit_codes=(0, 1))
    run(repo, "git", "checkout", "--theirs", "params.yaml")
    return ["dvc", "status"]


def _status_detached(repo: Path) -> list[str]:
    run(repo, "git", "checkout", "--quiet", "HEAD~1")
    return ["git", "status"]


def _gs_remote(repo: Path, endpoint: str) -> list[str]:
    """Nobody listens there: DVC stops at the address, or at the first word to it."""
    run(repo, "dvc", "remote", "add", "--force", "--default", "dvc-workshop", "gs://dvc-workshop/x")
    for option, value in (("endpointurl", endpoint), ("allow_anonymous_login", "true")):
        run(repo, "dvc", "remote", "modify", "dvc-workshop", option, value)
    return ["dvc", "push"]


def _unsaved(repo: Path) -> list[str]:
    (repo / "data" / "raw" / "mine.txt").write_text("x")
    return ["dvc", "checkout"]


def _git_at_work(repo: Path) -> list[str]:
    (repo / ".git" / "index.lock").write_text("")
    return ["git", "add", "params.yaml"]


def _overwritten(repo: Path) -> list[str]:
    edit(repo, "params.yaml", "examples: 12", "examples: 13")
    return ["git", "checkout", "HEAD~2"]


def _broken_lock(repo: Path) -> None:
    """With the marks of a conflict."""
    edit(repo, "dvc.lock", "stages:\n", "stages:\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n")


def _gc_of_a_broken_lock(repo: Path) -> list[str]:
    _broken_lock(repo)
    return ["dvc", "gc", "--all-commits", "--dry"]


def _conflict_committed(repo: Path) -> list[str]:
    _broken_lock(repo)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Merge")
    run(repo, "git", "checkout", "--quiet", "HEAD~1", "--", "dvc.lock")
    run(repo, "git", "commit", "--quiet", "--message", "Mend it")
    return ["dvc", "gc", "--all-commits", "--dry"]


def _pushed_to_another_branch(repo: Path) -> list[str]:
    _with_a_neighbour(repo)
    return ["git", "push", "-u", "origin", "master"]


def _second_origin(repo: Path) -> list[str]:
    run(repo, "git", "remote", "add", "origin", "../shared.git")
    return ["git", "remote", "add", "origin", "../shared.git"]


def _as_typed(*command: str) -> Provoke:
    return lambda _repo: [*command]


PROVOKED: list[tuple[str, Provoke]] = [
    ("already-tracked", _tracked),
    ("stage-exists", _as_typed("dvc", "stage", "add", "-n", "train", "python", "x.py")),
    ("unrecognized-arguments", _as_typed("dvc", "add", "stage", "-n", "x", "python x.py")),
    ("no-command", _as_typed("dvc", "stage", "add", "-n", "x")),
    ("word-too-many", _as_typed("dvc", "remote", "add", "r", "gs://b/Ada", "Lovelace")),
    ("config-in-ascii", _as_typed("dvc", "remote", "add", "r", "/home/Müller/r")),
    ("remote-exists", _as_typed("dvc", "remote", "add", "workshop", "gs://bucket/x")),
    ("no-remote", _no_remote),
    ("no-identity", _no_identity),
    ("nothing-ran", _as_typed("dvc", "repro")),
    ("detached-head", _detached),
    ("no-such-data", _missing),
    ("missing-source", _no_source),
    ("conflict", _conflict),
    ("conflict-in-lock", _reading_a_conflict),
    ("lock-unreadable", _lock_edited),
    ("yaml", _params_broken),
    ("conflict-elsewhere", _conflict_in_params),
    ("conflict-elsewhere", _in_conflict),
    ("divergent", _diverged),
    ("overwritten-by-merge", _overwritten_by_pull),
    ("no-origin", _as_typed("git", "push", "-u", "origin", "main")),
    ("no-origin", _as_typed("git", "pull")),
    ("cycle", _in_a_circle),
    ("cycle", _in_a_longer_circle),
    ("git-ignored", _git_ignored),
    ("dvcignored", _dvcignored),
    ("no-pipeline", _no_pipeline),
    ("already-tracked", _model_tracked),
    ("not-on-the-remote", _not_pushed),
    ("lock-held", _locked),
    ("yaml", _broken_yaml),
    ("stage-failed", _failing),
    ("no-dvc-repository", _outside),
    ("no-git-repository", _no_git),
    ("dvc-is-there", _as_typed("dvc", "init")),
    ("no-such-data", _as_typed("dvc", "add", "data/rw")),
    ("out-of-a-stage", _as_typed("dvc", "add", "models/classifier.onnx")),
    ("out-of-a-stage", _as_typed("dvc", "add", "data/preprocess/train.csv")),
    ("in-two-stages", _as_typed("dvc", "stage", "add", "-n", "x", "-o", "models", "echo")),
    ("in-two-stages", _as_typed("dvc", "stage", "add", "-n", "x", "-o", "data/preprocess", "x")),
    ("commit-unreadable", _conflict_committed),
    ("lock-unreadable", _gc_of_a_broken_lock),
    ("dvc-checkout-branch", _as_typed("dvc", "checkout", "main")),
    ("no-such-command", _as_typed("dvc", "repo")),
    ("no-such-command", _as_typed("git", "comit")),
    ("word-missing", _as_typed("dvc", "remote", "add", "dvc-workshop")),
    ("word-missing", _as_typed("dvc", "stage", "add", "train", "python x.py")),
    ("word-missing", _as_typed("git", "commit", "-am")),
    ("pathspec", _as_typed("git", "commit", "-m", "Initialise", "DVC")),
    ("no-such-revision", _as_typed("dvc", "metrics", "diff", "main", "nosuch")),
    ("no-such-revision", _as_typed("dvc", "exp", "apply", "nosuch")),
    ("no-such-revision", _as_typed("git", "merge", "nosuch")),
    ("no-such-revision", _pushed_to_another_branch),
    ("set-param", _as_typed("dvc", "exp", "run", "-S", "train.droput=0.1", "--dry")),
    ("gc-of-what", _as_typed("dvc", "gc")),
    ("no-source-repository", _as_typed("dvc", "list", "../nosuch.git", "models")),
    ("folder-in-the-way", _as_typed("git", "clone", ".", "../remote")),
    ("origin-exists", _second_origin),
    ("branch-exists", _as_typed("git", "checkout", "-b", "main")),
    ("no-data", _as_typed("dvc", "add", "data/raw.dvc")),
    ("no-data", _as_typed("dvc", "add", ".")),
    ("wrong-folder", _as_typed("dvc", "--cd", "data", "repro")),
    ("wrong-folder", _as_typed("dvc", "--cd", "data", "add", "data/raw")),
    ("git-editor", _as_typed("git", "-c", "core.editor=true", "commit", "--allow-empty")),
    ("nothing-to-commit", _as_typed("git", "commit", "--message", "x")),
    ("git-ignores", _as_typed("git", "add", "data/raw")),
    ("would-be-overwritten", _overwritten),
    ("stage-failed", _broken_module),
    ("plugin", _no_plugin),
    ("conflict", _status_in_a_conflict),
    ("conflict-in-lock", _dvc_in_a_conflict),
    ("detached-head", _status_detached),
    ("config-key", _as_typed("dvc", "remote", "modify", "workshop", "endpoint", "http://x")),
    ("endpoint", lambda repo: _gs_remote(repo, "127.0.0.1:4443")),
    ("import-inside", _as_typed("dvc", "import-url", "pipeline", "data/raw")),
    ("no-such-stage", _as_typed("dvc", "repro", "trian")),
    ("no-such-stage", _as_typed("dvc", "push", "trian")),
    ("pathspec", _as_typed("git", "add", "nosuch")),
    ("pathspec", _as_typed("git", "checkout", "nosuch")),
    ("unsaved", _unsaved),
    ("overlapping", _as_typed("dvc", "add", "data")),
    ("unknown-remote", _as_typed("dvc", "remote", "default", "nosuch")),
    ("unknown-remote", _as_typed("dvc", "push", "-r", "nosuch")),
    ("index-lock", _git_at_work),
    ("no-stage-module", _as_typed("python", "-m", "pipeline.nosuch")),
]


@pytest.mark.slow
@pytest.mark.usefixtures("forked_dvc")
@pytest.mark.parametrize(("page", "provoke"), PROVOKED, ids=[name for name, _ in PROVOKED])
def test_the_real_message_finds_its_page(repo: Path, page: str, provoke: Provoke) -> None:
    command = provoke(repo)
    variables = environment(repo)
    if page == "no-identity":
        variables = {k: v for k, v in variables.items() if not re.match("GIT_(AUTH|COMM)", k)}
        variables |= {"HOME": str(repo.parent), "GIT_CONFIG_NOSYSTEM": "1", "XDG_CONFIG_HOME": ""}
        variables["USERPROFILE"] = str(repo.parent)
    try:
        done = subprocess.run(
            command, cwd=repo, env=variables, encoding="utf-8", timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
    finally:
        while LOCKING:
            LOCKING[-1].kill()
            LOCKING.pop().communicate()
    found = hint_pages.find_page(done.stdout)
    assert found, done.stdout
    assert found.id == page, done.stdout


@pytest.mark.skipif(os.name == "nt", reason="cmd reads no script of that name")
def test_the_shell_finds_no_activate(tmp_path: Path) -> None:
    for shell in filter(shutil.which, ("sh", "bash", "zsh", "dash")):
        done = subprocess.run(
            [shell, "-c", ". ./activate"], cwd=tmp_path, capture_output=True, encoding="utf-8",
            timeout=60, check=False,
        )  # fmt: skip
        found = hint_pages.find_page(done.stderr)
        assert found and found.id == "no-activate", done.stderr


@pytest.mark.parametrize(
    "command", ["python", "dvc", "grader"], ids=lambda name: f"{name} is not on PATH"
)
def test_a_program_that_the_shell_does_not_find_leads_to_activation(
    command: str, tmp_path: Path
) -> None:
    shell = ["cmd", "/c", command] if os.name == "nt" else ["/bin/sh", "-c", command]
    done = subprocess.run(
        shell,
        env={"PATH": str(tmp_path), "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    found = hint_pages.find_page(done.stdout)
    assert found and found.id == "not-activated", done.stdout


def test_a_port_that_is_taken_leads_to_its_page() -> None:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        one.listen()
        with pytest.raises(OSError) as refused:
            other.bind(one.getsockname())
    found = hint_pages.find_page(str(refused.value))
    assert found and found.id == "port-in-use"


@pytest.mark.parametrize("page", [*course().lessons, *course().pages], ids=lambda page: page.id)
def test_the_question_of_each_text_has_an_answer(page: Page) -> None:
    question = question_of(page)
    assert question.question.count("?") >= 1
    assert len(question.answer) > 80
    assert "**" not in question.question + question.answer


def test_think_answers_the_question_of_the_lesson_that_is_done(repo: Path) -> None:
    text = hinted(repo, "think")
    assert text.startswith("share asks:\n")
    assert "The answer:\n" in text
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw.dvc")
    run(repo, "git", "commit", "--quiet", "--message", "Leave the data out")
    assert hinted(repo, "think").startswith("init asks:\n  A colleague clones")
    two = hinted(repo, "think", "data", "experiments")
    assert [line for line in two.splitlines() if "asks:" in line] == [
        "data asks:",
        "experiments asks:",
    ]
    done = grader("hint", "think", "nothing", "--repo", str(repo), cwd=repo.parent)
    assert done.returncode == 2
    assert "no lesson is called 'nothing'" in done.stderr
