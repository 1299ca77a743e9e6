"""The mistake gallery: each entry turns a correct repository into one with that mistake.

`MISTAKES` names the code that the mistake has, and those of advice that comes with it. Every code
is there in at least two ways that are really different.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from onnx import TensorProto

from tests.grader import finished
from tests.repositories import commit, run
from tests.service import onnx_models

Break = Callable[[Path], None]


@dataclass(frozen=True)
class Mistake:
    """A way to get ``code``; ``apply`` changes the repository."""

    code: str
    name: str
    apply: Break
    with_it: frozenset[str] = frozenset()

    @property
    def codes(self) -> set[str]:
        """All that the grader is to find."""
        return {self.code} | self.with_it


MISTAKES: list[Mistake] = []


def mistake(code: str, *with_it: str) -> Callable[[Break], Break]:
    """Enter the decorated function into the gallery."""

    def enter(apply: Break) -> Break:
        MISTAKES.append(Mistake(code, apply.__name__, apply, frozenset(with_it)))
        return apply

    return enter


def save(repo: Path) -> None:
    """Commit everything."""
    commit(repo, "Change something")


def edit(repo: Path, path: str, old: str, new: str) -> None:
    """Replace ``old``, which must be there, in a text file."""
    text = (repo / path).read_text("utf-8")
    assert old in text, f"{path} has no {old!r}"
    finished.write(repo / path, text.replace(old, new, 1))


def append(repo: Path, path: str, text: str) -> None:
    """Add a line to a text file."""
    finished.write(repo / path, (repo / path).read_text("utf-8") + text)


def edit_stages(repo: Path, change: Callable[[Any], None], *, run_again: bool = True) -> None:
    """Change dvc.yaml, run what it says, commit and push."""
    finished.change_pipeline(repo, change)
    if run_again:
        finished.record(repo)
    save(repo)
    finished.push(repo)


# ── not-a-repository ──


@mistake("not-a-repository")
def git_was_never_started(repo: Path) -> None:
    shutil.rmtree(repo / ".git")


@mistake("not-a-repository")
def dvc_is_started_and_not_committed(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "--cached", ".dvc")
    run(repo, "git", "commit", "--quiet", "--message", "Leave DVC out")


@mistake("not-a-repository")
def folder_of_dvc_was_deleted(repo: Path) -> None:
    shutil.rmtree(repo / ".dvc")


@mistake("not-a-repository")
def config_was_deleted_in_the_folder_alone(repo: Path) -> None:
    (repo / ".dvc" / "config").unlink()


@mistake("not-a-repository")
def config_has_a_line_that_is_none(repo: Path) -> None:
    append(repo, ".dvc/config", "<<<<<<< HEAD\n")
    save(repo)


@mistake("not-a-repository")
def config_has_a_key_that_dvc_does_not_know(repo: Path) -> None:
    edit(repo, ".dvc/config", "    remote = workshop", "    remote = workshop\n    defualt = x")
    save(repo)


@mistake("not-a-repository")
def nothing_was_committed(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")


@mistake("nested-repository")
def git_was_started_in_the_folder_of_the_code(repo: Path) -> None:
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "pipeline")
    _start_git_in(repo / "pipeline")
    save(repo)


@mistake("nested-repository")
def git_was_started_in_a_folder_of_notes(repo: Path) -> None:
    finished.write(repo / "notes" / "ideas.md", "# Ideas\n")
    _start_git_in(repo / "notes")
    save(repo)


@mistake("nested-repository")
def folder_with_git_in_it_is_staged(repo: Path) -> None:
    finished.write(repo / "notes" / "ideas.md", "# Ideas\n")
    _start_git_in(repo / "notes")
    run(repo, "git", "add", "notes")


@mistake("nested-repository")
def repository_with_dvc_was_made_in_the_repository(repo: Path) -> None:
    shutil.copytree(repo, repo / "mine", ignore=shutil.ignore_patterns("cache", ".git"))
    _start_git_in(repo / "mine")
    save(repo)


def _start_git_in(folder: Path) -> None:
    run(folder, "git", "init", "--quiet")
    save(folder)


@mistake("no-scm")
def dvc_is_told_that_there_is_no_git(repo: Path) -> None:
    edit(repo, ".dvc/config", "[core]\n", "[core]\n    no_scm = true\n")
    save(repo)


@mistake("no-scm")
def dvc_was_started_without_git(repo: Path) -> None:
    """As ``dvc init --no-scm`` leaves it."""
    edit(repo, ".dvc/config", "[core]\n", "[core]\n    no_scm = True\n")
    (repo / ".dvc" / ".gitignore").unlink()
    append(repo, ".gitignore", ".dvc/cache\n.dvc/tmp\n")
    save(repo)


@mistake("no-scm")
def dvc_is_told_so_on_this_machine(repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", "[core]\n    no_scm = true\n")


# ── remotes ──


def _config(repo: Path, text: str) -> None:
    finished.write(repo / ".dvc" / "config", text)
    save(repo)


def _remote(repo: Path, url: str, name: str = "workshop") -> str:
    return f"[core]\n    remote = {name}\n['remote \"{name}\"']\n    url = {url}\n"


@mistake("no-default-remote")
def remote_is_there_and_not_the_default(repo: Path) -> None:
    _config(repo, f"['remote \"storage\"']\n    url = {repo.parent / 'remote'}\n")


@mistake("no-default-remote")
def there_is_no_remote(repo: Path) -> None:
    _config(repo, "[core]\n    analytics = false\n")


@mistake("no-default-remote")
def default_remote_is_set_and_not_committed(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    _config(repo, "[core]\n    analytics = false\n")
    finished.write(repo / ".dvc" / "config", text)


@mistake("remote-only-local")
def remote_is_added_with_local(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    finished.write(repo / ".dvc" / "config.local", text)
    _config(repo, "[core]\n    analytics = false\n")


@mistake("remote-only-local")
def default_alone_is_set_with_local(repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", "[core]\n    remote = workshop\n")
    _config(repo, f"['remote \"workshop\"']\n    url = {repo.parent / 'remote'}\n")


@mistake("remote-only-local")
def remote_leads_elsewhere_on_this_machine(repo: Path) -> None:
    elsewhere = repo.parent / "elsewhere"
    shutil.move(repo.parent / "remote", elsewhere)
    (repo.parent / "remote").mkdir()
    local = f"['remote \"workshop\"']\n    url = {elsewhere}\n"
    finished.write(repo / ".dvc" / "config.local", local)


@mistake("default-remote-unknown")
def default_remote_has_a_typo(repo: Path) -> None:
    edit(repo, ".dvc/config", "remote = workshop", "remote = worksop")
    save(repo)


@mistake("default-remote-unknown")
def default_remote_was_removed(repo: Path) -> None:
    _config(repo, "[core]\n    remote = workshop\n")


@mistake("remote-url-malformed")
def url_lacks_a_slash(repo: Path) -> None:
    _config(repo, _remote(repo, "../gs:/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_lacks_the_colon(repo: Path) -> None:
    _config(repo, _remote(repo, "gs//workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_lacks_the_colon_and_dvc_joined_its_slashes(repo: Path) -> None:
    _config(repo, _remote(repo, "../gs/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_of_a_folder_is_that_of_a_file(repo: Path) -> None:
    _config(repo, _remote(repo, (repo.parent / "remote").as_uri()))


@mistake("remote-url-malformed")
def url_builds_on_a_remote_that_is_not_there(repo: Path) -> None:
    _config(repo, _remote(repo, "remote://base/ada"))


@mistake("remote-url-malformed")
def url_is_of_no_kind_that_dvc_knows(repo: Path) -> None:
    _config(repo, _remote(repo, "ftp://example.com/ada"))


@mistake("remote-url-malformed")
def remote_is_a_folder_inside_the_repository_by_its_whole_path(repo: Path) -> None:
    append(repo, ".gitignore", "/storage\n")
    shutil.move(repo.parent / "remote", repo / "storage")
    _config(repo, _remote(repo, str(repo / "storage")))


@mistake("remote-url-malformed")
def url_has_a_semicolon(repo: Path) -> None:
    _config(repo, _remote(repo, "../gs;/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_is_that_of_the_browser(repo: Path) -> None:
    _config(repo, _remote(repo, "../storage.googleapis.com/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_has_the_placeholders_of_the_text(repo: Path) -> None:
    _config(repo, _remote(repo, "gs://BUCKET/YOUR-NAME"))


@mistake("remote-url-malformed")
def url_has_the_bucket_and_nobodys_name(repo: Path) -> None:
    _config(repo, _remote(repo, "gs://dvc-workshop/<your-name>"))


@mistake("remote-url-malformed")
def name_and_address_are_swapped(repo: Path) -> None:
    text = "[core]\n    remote = gs://dvc-workshop/ada\n"
    _config(repo, text + "['remote \"gs://dvc-workshop/ada\"']\n    url = ../dvc-workshop\n")


@mistake("remote-url-malformed")
def name_and_folder_are_swapped_in_another_remote(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"/mnt/backup\"']\n    url = ../backup\n")
    save(repo)


@mistake("no-default-remote")
def name_and_address_are_swapped_and_not_committed(repo: Path) -> None:
    _config(repo, "")
    text = "[core]\n    remote = gs://dvc-workshop/ada\n"
    text += "['remote \"gs://dvc-workshop/ada\"']\n    url = ../dvc-workshop\n"
    finished.write(repo / ".dvc" / "config", text)


@mistake("remote-relative-path")
def remote_is_a_folder_beside_the_repository(repo: Path) -> None:
    _config(repo, _remote(repo, "../../remote"))


@mistake("remote-relative-path")
def remote_is_a_folder_inside_the_repository(repo: Path) -> None:
    finished.write(repo / ".dvc" / ".gitignore", "/config.local\n/tmp\n/cache\n/storage\n")
    shutil.copytree(repo.parent / "remote", repo / ".dvc" / "storage")
    _config(repo, _remote(repo, "storage"))


@mistake("remote-not-yours")
def remote_is_the_place_of_the_raw_data(repo: Path) -> None:
    remote = repo.parent / "remote"
    finished.write(repo / "workshop.toml", f"[workshop]\nraw = '{remote.as_posix()}'\n")
    save(repo)


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_the_root_of_the_bucket(repo: Path) -> None:
    _config(repo, _remote(repo, "gs://workshop-bucket") + "    endpointurl = http://127.0.0.1:9\n")


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_the_bucket_of_the_raw_data(repo: Path) -> None:
    finished.write(repo / "workshop.toml", "[workshop]\nraw = 'gs://dvc-workshop-raw'\n")
    url = "gs://dvc-workshop-raw/ada"
    _config(repo, _remote(repo, url) + "    endpointurl = http://127.0.0.1:9\n")


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_that_of_another_attendee(repo: Path) -> None:
    finished.write(repo / "workshop.toml", "[workshop]\nremote = 'gs://workshop-bucket/ada'\n")
    url = "gs://workshop-bucket/grace"
    _config(repo, _remote(repo, url) + "    endpointurl = http://127.0.0.1:9\n")


@mistake("secret-in-config")
def password_is_in_the_committed_config(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"x\"']\n    url = s3://b/a\n    secret_access_key = q\n")
    save(repo)


@mistake("secret-in-config")
def key_file_is_committed(repo: Path) -> None:
    key = {"type": "service_account", "private_key": "-----BEGIN PRIVATE KEY-----"}
    finished.write(repo / "key.json", json.dumps(key))
    save(repo)


@mistake("secret-in-config")
def config_local_with_a_password_is_committed(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"ssh\"']\n    url = ssh://example.com/ada\n")
    local = "['remote \"ssh\"']\n    password = hunter2\n"
    finished.write(repo / ".dvc" / "config.local", local)
    run(repo, "git", "add", "--force", ".dvc/config.local")
    save(repo)


@mistake("secret-in-config")
def password_is_in_an_address(repo: Path) -> None:
    url = "https://ada:hunter2@example.com/data"
    append(repo, ".dvc/config", f"['remote \"web\"']\n    url = {url}\n")
    save(repo)


@mistake("secret-in-config")
def passphrase_is_in_the_committed_config(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"x\"']\n    url = ssh://e.com/x\n    passphrase = q\n")
    save(repo)


@mistake("secret-in-config")
def credentials_of_gcloud_are_committed(repo: Path) -> None:
    own = {"client_id": "x", "client_secret": "d-FL95", "refresh_token": "1//0abc"}
    text = json.dumps({**own, "type": "authorized_user"})
    finished.write(repo / "application_default_credentials.json", text)
    save(repo)


@mistake("secret-in-config")
def key_of_ssh_is_committed(repo: Path) -> None:
    finished.write(repo / "keys" / "id_rsa", "-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n")
    save(repo)


@mistake("secret-in-config")
def keys_of_aws_are_in_a_file_for_the_environment(repo: Path) -> None:
    finished.write(repo / ".env.local", "export AWS_SECRET_ACCESS_KEY=abcd1234\n")
    save(repo)


@mistake("secret-in-config")
def key_file_was_committed_and_deleted(repo: Path) -> None:
    key_file_is_committed(repo)
    (repo / "key.json").unlink()
    save(repo)


@mistake("secret-in-config")
def keys_of_aws_were_committed_and_deleted(repo: Path) -> None:
    finished.write(repo / "conf" / "ada_accessKeys.csv", "Access key ID,Secret access key\nA,b\n")
    save(repo)
    shutil.rmtree(repo / "conf")
    save(repo)


@mistake("secret-in-config")
def secret_is_in_an_older_commit(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    password_is_in_the_committed_config(repo)
    _config(repo, text)


@mistake("remote-plugin-missing")
def plugin_of_s3_is_not_installed(repo: Path) -> None:
    _config(repo, _remote(repo, "s3://workshop-bucket/ada"))


@mistake("remote-plugin-missing")
def plugin_of_azure_is_not_installed(repo: Path) -> None:
    _config(repo, _remote(repo, "azure://workshop/ada"))


# ── data, git and DVC ──


@mistake("tracked-by-git-and-dvc")
def raw_data_was_added_to_git(repo: Path) -> None:
    run(repo, "git", "add", "--force", "data/raw")
    run(repo, "git", "commit", "--quiet", "--message", "Add data")


@mistake("tracked-by-git-and-dvc")
def model_is_staged(repo: Path) -> None:
    run(repo, "git", "add", "--force", "models/classifier.onnx")


@mistake("tracked-by-git-and-dvc")
def raw_data_was_taken_out_of_git_and_that_is_not_committed(repo: Path) -> None:
    raw_data_was_added_to_git(repo)
    run(repo, "git", "rm", "-r", "--quiet", "--cached", "data/raw")


@mistake("dvc-file-uncommitted")
def dvc_file_is_only_in_the_folder(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw.dvc")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def pipeline_has_an_uncommitted_stage(repo: Path) -> None:
    append(repo, "dvc.yaml", "  extra:\n    cmd: echo\n    deps: [params.yaml]\n")


@mistake("dvc-file-uncommitted")
def pipeline_was_never_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.yaml")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def params_are_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "params.yaml")
    append(repo, ".gitignore", "params.yaml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.yaml")
    append(repo, ".gitignore", "dvc.yaml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_is_committed_and_ignored_by_git(repo: Path) -> None:
    append(repo, ".gitignore", "/dvc.*ml\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def dvc_file_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "data/raw.dvc")
    append(repo, "data/.gitignore", "raw*\n*.dvc\n")
    save(repo)


@mistake("dvc-file-uncommitted")
def pipeline_was_deleted(repo: Path) -> None:
    (repo / "dvc.yaml").unlink()


@mistake("dvc-file-uncommitted")
def params_of_another_name_are_not_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = stage["cmd"].replace("params.yaml", "conf/params.yaml")
            if "params" in stage:
                stage["params"] = [{"conf/params.yaml": stage["params"]}]

    finished.write(repo / "conf" / "params.yaml", (repo / "params.yaml").read_bytes())
    edit_stages(repo, change)
    run(repo, "git", "rm", "--quiet", "--cached", "conf/params.yaml")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("dvc-file-uncommitted")
def dvc_file_was_deleted(repo: Path) -> None:
    (repo / "data" / "raw.dvc").unlink()


@mistake("dvc-file-uncommitted")
def data_was_never_added(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    save(repo)


@mistake("dvc-file-uncommitted")
def raw_data_was_taken_in_by_git_add_all(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit(repo, "data/.gitignore", "/raw\n", "")
    save(repo)


@mistake("dvc-file-uncommitted", "lock-stale")
def images_alone_were_added(repo: Path) -> None:
    _add_a_part(repo, "data/raw/Images")
    run(repo, "git", "add", "data/raw/Images.dvc", "data/raw/.gitignore")
    run(repo, "git", "commit", "--quiet", "--message", "Track the images")


@mistake("dvc-file-uncommitted", "lock-stale")
def table_alone_was_added_and_not_committed(repo: Path) -> None:
    _add_a_part(repo, "data/raw/train.csv")


def _add_a_part(repo: Path, path: str) -> None:
    """What DVC writes into the folder changes the stage's dep, too."""
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit(repo, "data/.gitignore", "/raw\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Begin anew")
    finished.write(repo / "data" / "raw" / ".gitignore", f"/{Path(path).name}\n")
    finished.add(repo, path)
    finished.push(repo)


@mistake("dvc-file-uncommitted", "lock-uncommitted")
def run_with_another_param_is_not_committed(repo: Path) -> None:
    finished.change_param(repo, "plot", "dpi", 90)
    finished.record(repo, "plot")


@mistake("lock-uncommitted")
def lock_was_never_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.lock")
    run(repo, "git", "commit", "--quiet", "--message", "Forget it")


@mistake("lock-uncommitted")
def lock_was_deleted(repo: Path) -> None:
    (repo / "dvc.lock").unlink()


@mistake("lock-uncommitted")
def run_after_a_commit_is_not_committed(repo: Path) -> None:
    append(repo, "pipeline/plot/plots.py", "# A change.\n")
    save(repo)
    finished.record(repo, "plot")


@mistake("lock-uncommitted")
def lock_is_ignored_by_git(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "dvc.lock")
    append(repo, ".gitignore", "dvc.lock\n")
    save(repo)


@mistake("cache-in-git")
def cache_was_added_by_force(repo: Path) -> None:
    run(repo, "git", "add", "--force", ".dvc/cache")
    run(repo, "git", "commit", "--quiet", "--message", "Add cache")


@mistake("cache-in-git")
def local_remote_in_the_repository_is_committed(repo: Path) -> None:
    shutil.copytree(repo.parent / "remote", repo / "storage")
    save(repo)


@mistake("data-copied-into-git")
def raw_data_was_copied_into_git(repo: Path) -> None:
    shutil.copytree(repo / "data" / "raw", repo / "backup" / "raw")
    save(repo)


@mistake("data-copied-into-git")
def model_was_copied_into_git(repo: Path) -> None:
    shutil.copy(repo / "models" / "classifier.onnx", repo / "best.onnx")
    save(repo)


@mistake("data-copied-into-git")
def images_were_copied_beside_a_page_and_staged(repo: Path) -> None:
    shutil.copytree(repo / "data" / "raw" / "Images", repo / "docs" / "images")
    run(repo, "git", "add", "docs")


@mistake("data-copied-into-git")
def a_copy_of_the_raw_data_is_in_an_older_commit(repo: Path) -> None:
    """Advice: nothing but another history takes it out."""
    raw_data_was_copied_into_git(repo)
    shutil.rmtree(repo / "backup")
    save(repo)


@mistake("dvc-stops")
def dvcignore_lies_in_the_raw_data(repo: Path) -> None:
    finished.write(repo / "data" / "raw" / ".dvcignore", "*.tmp\n# mine\n")


@mistake("dvc-stops")
def dvcignore_lies_deep_in_an_out(repo: Path) -> None:
    finished.write(repo / "data" / "preprocess" / "images" / ".dvcignore", "")


@mistake("dvc-stops")
def link_in_the_raw_data_leads_nowhere(repo: Path) -> None:
    (repo / "data" / "raw" / "Images" / "gp999999.jpg").symlink_to("/nowhere/gp999999.jpg")


@mistake("dvc-stops", "stage-never-run")
def out_is_in_the_folder_of_dvc(repo: Path) -> None:
    change = {"cmd": "echo", "deps": ["params.yaml"], "outs": [".dvc/tmp/notes.txt"]}
    finished.change_pipeline(repo, lambda stages: stages.update(notes=change))
    save(repo)


@mistake("out-overlap")
def stage_out_was_added_with_dvc_add(repo: Path) -> None:
    finished.add(repo, "models/classifier.onnx")
    save(repo)


@mistake("out-overlap")
def folder_around_an_out_was_added(repo: Path) -> None:
    append(repo, "results/.gitignore", "/curves\n")
    finished.add(repo, "results/curves")
    save(repo)
    finished.push(repo)


@mistake("out-overlap", "dep-undeclared")
def dep_stands_among_the_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["evaluate"]["deps"]
        deps.remove("models/classifier.onnx")
        stages["evaluate"].setdefault("outs", []).append("models/classifier.onnx")

    finished.change_pipeline(repo, change)
    save(repo)


@mistake("dvc-file-uncommitted")
def dvc_file_of_the_folder_above_is_deleted_and_not_committed(repo: Path) -> None:
    raw = (repo / "data" / "raw.dvc").read_text("utf-8")
    finished.write(repo / "raw.dvc", raw.replace("path: raw", "path: data/raw"))
    save(repo)
    (repo / "raw.dvc").unlink()


@mistake("dvcignore-hides-data")
def dvcignore_hides_pictures(repo: Path) -> None:
    append(repo, ".dvcignore", "*.jpg\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_an_out(repo: Path) -> None:
    append(repo, ".dvcignore", "models/*.onnx\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_a_whole_out(repo: Path) -> None:
    finished.write(repo / ".dvcignore", "results/plots/\n__pycache__/\n")
    save(repo)


@mistake("dvcignore-hides-data")
def dvcignore_hides_pictures_and_is_not_committed(repo: Path) -> None:
    append(repo, ".dvcignore", "*.jpg\n")


@mistake("gitignore-lost")
def gitignore_of_the_data_was_deleted(repo: Path) -> None:
    (repo / "data" / ".gitignore").unlink()
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")


@mistake("gitignore-lost")
def line_of_the_model_was_deleted(repo: Path) -> None:
    edit(repo, "models/.gitignore", "/classifier.onnx\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")


@mistake("gitignore-lost")
def gitignore_of_the_data_is_not_committed(repo: Path) -> None:
    _forget(repo, "data/.gitignore")


@mistake("gitignore-lost")
def line_of_the_model_is_not_committed(repo: Path) -> None:
    text = (repo / "models" / ".gitignore").read_text("utf-8")
    edit(repo, "models/.gitignore", "/classifier.onnx\n", "")
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Tidy up")
    finished.write(repo / "models" / ".gitignore", text)


# ── the lock ──


@mistake("lock-stale")
def code_changed_after_the_run(repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")
    save(repo)


@mistake("lock-stale")
def code_changed_in_the_folder_alone(repo: Path) -> None:
    append(repo, "pipeline/evaluate/evaluation.py", "# A change.\n")


@mistake("lock-stale")
def code_that_ran_is_not_committed(repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "# A change.\n")
    finished.record(repo)
    run(repo, "git", "commit", "--quiet", "--message", "Train", "dvc.lock")


@mistake("lock-stale")
def text_beside_the_code_is_in_the_folder_alone(repo: Path) -> None:
    """DVC hashes it with the folder, though no code reads it."""
    finished.write(repo / "pipeline" / "train" / "notes.txt", "mine")
    finished.record(repo)
    run(repo, "git", "commit", "--quiet", "--message", "Train", "dvc.lock")


@mistake("lock-stale")
def param_changed_after_the_run(repo: Path) -> None:
    finished.change_param(repo, "train", "epochs", 3)
    save(repo)


@mistake("lock-stale")
def command_changed_after_the_run(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["plot"]["cmd"] = stages["plot"]["cmd"].replace("python -m", "python  -m")

    edit_stages(repo, change, run_again=False)


@mistake("lock-stale")
def raw_data_changed_after_dvc_add(repo: Path) -> None:
    finished.picture(repo / "data" / "raw" / "Images" / "gp000003.jpg", 99)


@mistake("lock-stale")
def raw_data_changed_and_its_object_is_gone(repo: Path) -> None:
    """Then DVC does not look at it: dvc status says that it is not in the cache, and no more."""
    finished.cache_object(repo, _recorded(repo, "data/raw.dvc")).unlink()
    append(repo, "data/raw/train.csv", "x\n")


@mistake("lock-stale")
def model_was_replaced_and_its_object_is_gone(repo: Path) -> None:
    finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")).unlink()
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.3))


def _recorded(repo: Path, path: str) -> str:
    return str(yaml.safe_load((repo / path).read_text("utf-8"))["outs"][0]["md5"])


@mistake("lock-stale")
def raw_data_was_added_again_and_nothing_ran(repo: Path) -> None:
    finished.picture(repo / "data" / "raw" / "Images" / "gp000003.jpg", 99)
    finished.add(repo, "data/raw")
    save(repo)
    finished.push(repo)


@mistake("lock-stale")
def model_was_replaced_by_hand(repo: Path) -> None:
    finished.write(repo / "models" / "classifier.onnx", onnx_models.model(bias=0.5))


@mistake("lock-stale")
def folder_around_outs_changed_after_the_run(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["plot"]["deps"]
        stages["plot"]["deps"] = [d for d in deps if not d.startswith("results/curves")]
        stages["plot"]["deps"].append("results/curves")

    edit_stages(repo, change)
    finished.table(repo / "results" / "curves" / "genres.csv", ["genre", "ap"], [["Drama", 0.9]])
    _run_alone(repo, "evaluate")


@mistake("lock-stale")
def file_in_an_out_changed_after_the_run(repo: Path) -> None:
    names = ("images", "train.csv", "valid.csv", "test.csv")
    parts = [f"data/preprocess/{name}" for name in names]
    edit_stages(repo, lambda stages: stages["plot"]["deps"].extend(parts))
    table = (repo / "data" / "preprocess" / "test.csv").read_text("utf-8")
    finished.write(repo / "data" / "preprocess" / "test.csv", table.replace(",0,1\n", ",1,0\n", 1))
    finished.record(repo)
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    deps = document["stages"]["plot"]["deps"]
    next(dep for dep in deps if dep["path"].endswith("test.csv"))["md5"] = "0" * 32
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)
    finished.push(repo)


def _run_alone(repo: Path, stage: str) -> None:
    """As ``dvc repro --single-item``, committed and pushed."""
    finished.record(repo, stage)
    save(repo)
    finished.push(repo)


@mistake("lock-stale")
def dep_was_added_and_nothing_ran(repo: Path) -> None:
    edit_stages(repo, lambda s: s["train"]["deps"].append("params.yaml"), run_again=False)


@mistake("lock-stale")
def helper_module_is_in_the_folder_alone(repo: Path) -> None:
    _forget(repo, "pipeline/shared/network.py")


@mistake("lock-stale")
def own_module_is_ignored_by_git(repo: Path) -> None:
    append(repo, ".gitignore", "training.py\n")
    _forget(repo, "pipeline/train/training.py")


@mistake("dep-too-wide")
def whole_package_is_a_dep_of_every_stage(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            data = [dep for dep in stage["deps"] if not dep.startswith("pipeline/")]
            stage["deps"] = [*data, "pipeline"]

    edit_stages(repo, change)


@mistake("dep-too-wide")
def whole_package_is_a_dep_beside_the_folders(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("pipeline"))


@mistake("lock-stale", "dep-too-wide")
def module_in_a_folder_dep_is_in_the_folder_alone(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        stages["train"]["deps"] = [d for d in deps if not d.startswith("pipeline/")] + ["pipeline"]

    edit_stages(repo, change)
    _forget(repo, "pipeline/shared/backend.py")


@mistake("lock-stale")
def notes_that_git_ignores_on_purpose_are_a_dep(repo: Path) -> None:
    """Advice: the lesson's stage does not read them."""
    finished.write(repo / "notes.txt", "notes")
    append(repo, ".gitignore", "/notes.txt\n")
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("notes.txt"))


@mistake("lock-stale")
def folder_that_neither_git_nor_dvc_has_is_a_dep(repo: Path) -> None:
    finished.write(repo / "fonts" / "plain.ttf", b"font")
    append(repo, ".gitignore", "/fonts\n")
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("fonts"))


def _forget(repo: Path, path: str) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", path)
    run(repo, "git", "commit", "--quiet", "--all", "--message", "Forget it")


@mistake("lock-inconsistent")
def consumer_read_another_out(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    deps = document["stages"]["evaluate"]["deps"]
    next(dep for dep in deps if dep["path"].endswith(".onnx"))["md5"] = "0" * 32
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("lock-inconsistent")
def out_was_edited_in_the_lock(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    document["stages"]["export"]["outs"][0]["md5"] = "0" * 32
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("lock-inconsistent")
def lock_has_merge_markers(repo: Path) -> None:
    edit(repo, "dvc.lock", "stages:\n", "stages:\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n")
    save(repo)


@mistake("lock-inconsistent")
def merge_stopped_at_the_lock(repo: Path) -> None:
    """Git merges the code, changed at its two ends, and not the records of its runs."""
    run(repo, "git", "branch", "other")
    plots = "pipeline/plot/plots.py"
    finished.write(repo / plots, f"# Mine.\n{_text(repo, plots)}")
    _run_alone(repo, "plot")
    run(repo, "git", "checkout", "--quiet", "other")
    append(repo, plots, "# Theirs.\n")
    _run_alone(repo, "plot")
    run(repo, "git", "checkout", "--quiet", "main")
    run(repo, "git", "merge", "--quiet", "other", exit_codes=(1,))


def _text(repo: Path, path: str) -> str:
    return (repo / path).read_text("utf-8")


# ── stages of the attendee's own ──


@mistake("stage-never-run")
def stage_of_ones_own_never_ran(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_a_stage(repo)
    _edit_lock(repo, lambda stages: stages.pop("notes"))


@mistake("lock-stale")
def stage_of_ones_own_is_stale(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_a_stage(repo)
    append(repo, "notes.txt", "more")
    save(repo)


@mistake("lock-inconsistent")
def stage_of_ones_own_read_another_out(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_a_stage(repo, deps=["models/classifier.onnx"])

    def change(stages: Any) -> None:
        stages["notes"]["deps"][0]["md5"] = "0" * 32

    _edit_lock(repo, change)


@mistake("stage-frozen")
def stage_of_ones_own_is_frozen_and_hides_a_change(repo: Path) -> None:
    """Advice: no lesson asks for it."""
    _add_a_stage(repo, frozen=True)
    append(repo, "notes.txt", "more")
    save(repo)


@mistake("param-undeclared")
def param_is_read_by_a_variable_of_another_name(repo: Path) -> None:
    text = "c = yaml.safe_load(open('params.yaml'))\n    return c['train']['epochs']"
    append(repo, "pipeline/plot/plots.py", f"\n\ndef _epochs():\n    import yaml\n\n    {text}\n")
    edit_stages(repo, lambda stages: None)


@mistake("param-unknown")
def stage_of_ones_own_declares_a_param_that_is_not_there(repo: Path) -> None:
    _add_a_stage(repo, params=["train.nope"])


def _add_a_stage(repo: Path, **more: Any) -> None:
    finished.write(repo / "notes.txt", "notes")
    finished.write(repo / "results" / "notes.txt", "notes")
    append(repo, "results/.gitignore", "/notes.txt\n")
    notes = {"cmd": "cp notes.txt results", "deps": ["notes.txt"], "outs": ["results/notes.txt"]}
    edit_stages(repo, lambda stages: stages.update(notes=notes | more))


def _edit_lock(repo: Path, change: Callable[[Any], None]) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    change(document["stages"])
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


# ── stages ──


@mistake("stage-missing")
def last_stage_is_not_there_yet(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages.pop("plot"))


@mistake("stage-missing", "stage-never-run")
def stage_has_a_misspelt_name_and_another_command(repo: Path) -> None:
    def rename(stages: Any) -> None:
        stages["plto"] = stages.pop("plot") | {"cmd": "python -m pipeline.plto"}

    edit_stages(repo, rename, run_again=False)


@mistake("stage-missing", "gitignore-lost")
def stage_was_removed_and_not_yet_committed(repo: Path) -> None:
    run(repo, "dvc", "remove", "train")


@mistake("stage-missing")
def pipeline_has_merge_markers(repo: Path) -> None:
    edit(repo, "dvc.yaml", "stages:\n", "stages:\n<<<<<<< HEAD\n=======\n>>>>>>> theirs\n")
    save(repo)


@mistake("stage-missing")
def pipeline_is_no_yaml(repo: Path) -> None:
    edit(repo, "dvc.yaml", "    deps:\n", "    deps: [\n")
    save(repo)


@mistake("stage-missing")
def stages_are_under_another_file(repo: Path) -> None:
    edit(repo, "dvc.yaml", "stages:\n", "stagse:\n")
    save(repo)


@mistake("stage-never-run")
def last_stage_never_ran(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.lock").read_text("utf-8"))
    del document["stages"]["plot"]
    finished.write(repo / "dvc.lock", yaml.safe_dump(document, sort_keys=False))
    save(repo)


@mistake("stage-never-run")
def no_stage_ever_ran(repo: Path) -> None:
    (repo / "dvc.lock").unlink()
    save(repo)


@mistake("stage-wrong-command")
def command_runs_another_module(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["export"]["cmd"] = stages["export"]["cmd"].replace("pipeline.export", "json.tool")

    edit_stages(repo, change)


@mistake("stage-wrong-command")
def command_lacks_an_option(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["cmd"] = stages["train"]["cmd"].replace("--params params.yaml", "")

    edit_stages(repo, change)


@mistake("stage-wrong-command")
def command_shows_what_it_would_run(repo: Path) -> None:
    _edit_command(repo, "train", "python -m", "echo python -m")


@mistake("stage-wrong-command")
def command_runs_only_where_true_fails(repo: Path) -> None:
    _edit_command(repo, "train", "python -m", "true || python -m")


@mistake("stage-wrong-command", "lock-stale")
def command_reads_a_path_that_is_nowhere(repo: Path) -> None:
    edit(
        repo,
        "dvc.yaml",
        "--curves results/curves\n      --out",
        "--curves results/cruves\n      --out",
    )
    save(repo)


@mistake("stage-wrong-command", "lock-stale", "dvc-file-uncommitted")
def command_reads_params_that_are_nowhere_and_is_not_committed(repo: Path) -> None:
    edit(repo, "dvc.yaml", "--params params.yaml", "--params parms.yaml")


@mistake("stage-wrong-command")
def command_prints_the_code(repo: Path) -> None:
    _edit_command(repo, "plot", "python -m pipeline.plot", "cat pipeline/plot/__main__.py")


@mistake("stage-wrong-command")
def option_has_no_value(repo: Path) -> None:
    _edit_command(repo, "export", "--data data/preprocess", "--data")


@mistake("stage-wrong-command")
def command_runs_the_module_as_a_file(repo: Path) -> None:
    _edit_command(repo, "plot", "python -m pipeline.plot", "python pipeline/plot/__main__.py")


def _edit_command(repo: Path, stage: str, old: str, new: str) -> None:
    def change(stages: Any) -> None:
        assert old in stages[stage]["cmd"]
        stages[stage]["cmd"] = stages[stage]["cmd"].replace(old, new)

    edit_stages(repo, change)


@mistake("dep-undeclared", "param-undeclared")
def code_in_another_folder_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    move_code(repo, "src", _lose_a_dep_and_a_param, lambda cmd: f"PYTHONPATH=src {cmd}")


@mistake("dep-undeclared", "param-undeclared")
def installed_code_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    move_code(repo, "python/lib", _lose_a_dep_and_a_param, lambda cmd: cmd)


@mistake("dep-undeclared", "param-undeclared")
def script_in_another_folder_has_a_dep_and_a_param_too_few(repo: Path) -> None:
    """``python src/train.py``: the stage's code in one file, which reads what the lesson's does."""
    text = (
        "import argparse\nimport yaml\n\np = argparse.ArgumentParser()\n"
        + "".join(
            f"p.add_argument('--{name}')\n"
            for name in ("data", "weights", "history", "fine-tuning-history", "params")
        )
        + "o = p.parse_args()\nparams = yaml.safe_load(open(o.params))\n"
        "print(params['train']['seed'], params['train']['epochs'])\n"
    )
    finished.write(repo / "src" / "train.py", text)

    def change(stages: Any) -> None:
        train = stages["train"]
        train["cmd"] = train["cmd"].replace("-m pipeline.train", "src/train.py")
        train["deps"] = ["data/preprocess"]
        train["params"] = ["train.epochs"]

    edit_stages(repo, change)


def move_code(
    repo: Path, folder: str, change: Callable[[Any], None], command: Callable[[str], str]
) -> None:
    """Move the package of the stages to ``folder``, and name it so in dvc.yaml."""
    (repo / folder).mkdir(parents=True)
    shutil.move(repo / "pipeline", repo / folder / "pipeline")

    def rename(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = command(stage["cmd"])
            deps = stage["deps"]
            stage["deps"] = [f"{folder}/{d}" if d.startswith("pipeline/") else d for d in deps]
        change(stages)

    edit_stages(repo, rename)


def _lose_a_dep_and_a_param(stages: Any) -> None:
    (own,) = [dep for dep in stages["train"]["deps"] if dep.endswith("pipeline/train")]
    stages["train"]["deps"].remove(own)
    stages["train"]["params"].remove("train.epochs")


@mistake("dep-undeclared")
def data_that_the_code_has_by_default_is_no_dep(repo: Path) -> None:
    """The option is left out of the command, since the code knows the path."""
    edit(repo, "pipeline/preprocess/__main__.py", '"--raw", type=Path, required=True',
         '"--raw", type=Path, default=Path("data/raw")')  # fmt: skip

    def change(stages: Any) -> None:
        stages["preprocess"]["cmd"] = stages["preprocess"]["cmd"].replace("--raw data/raw ", "")
        stages["preprocess"]["deps"].remove("data/raw")

    edit_stages(repo, change)


@mistake("dep-undeclared")
def own_module_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["deps"].remove("pipeline/train"))


@mistake("dep-undeclared")
def raw_data_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"]["deps"].remove("data/raw"))


@mistake("dep-undeclared")
def helper_module_is_no_dep(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["export"]["deps"].remove("pipeline/shared"))


@mistake("param-undeclared")
def one_param_is_not_declared(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].remove("train.dropout"))


@mistake("param-undeclared")
def no_param_is_declared(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].pop("params"))


@mistake("param-undeclared")
def helper_module_reads_a_param(repo: Path) -> None:
    append(
        repo,
        "pipeline/shared/network.py",
        '\n\ndef _seed(params):\n    return params["plot"]["dpi"]\n',
    )
    edit_stages(repo, lambda stages: stages["export"].update(params=["plot.dpi"]))


@mistake("param-unknown")
def declared_param_has_a_typo(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["params"].append("train.epoch"))


@mistake("param-unknown")
def declared_param_is_of_a_section_that_is_gone(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"].update(params=["evaluate.batch"]))


@mistake("param-unknown", "param-undeclared", "dvc-file-uncommitted")
def section_is_misspelled_where_it_is_declared(repo: Path) -> None:
    finished.change_pipeline(repo, lambda stages: stages["plot"].update(params=["plto"]))


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi:", "  dpis:")


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_section_that_is_declared_as_a_whole_is_misspelled(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(params=["plot"]))
    edit(repo, "params.yaml", "  dpi:", "  dpis:")


@mistake("param-unknown")
def misspelled_key_of_params_is_committed(repo: Path) -> None:
    edit(repo, "params.yaml", "  dropout:", "  droput:")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_was_deleted(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi: 100\n", "")


@mistake("param-unknown", "dvc-file-uncommitted")
def section_of_params_is_misspelled(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(params=["plot"]))
    edit(repo, "params.yaml", "\nplot:", "\nplots:")


@mistake("param-unknown", "dvc-file-uncommitted")
def section_of_params_whose_keys_are_declared_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "\nplot:", "\nplots:")


@mistake("param-unknown", "dvc-file-uncommitted")
def params_were_emptied(repo: Path) -> None:
    finished.write(repo / "params.yaml", "")


@mistake("param-unknown", "dvc-file-uncommitted", "lock-stale")
def section_of_params_was_deleted_beside_another_edit(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8").partition("\nplot:")[0]
    finished.write(repo / "params.yaml", text.replace("epochs: 12", "epochs: 11", 1) + "\n")


@mistake("param-unknown")
def section_of_params_was_deleted_and_that_is_committed(repo: Path) -> None:
    text = (repo / "params.yaml").read_text("utf-8").partition("\nplot:")[0]
    finished.write(repo / "params.yaml", f"{text}\n")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_params_has_another_name_than_in_the_code(repo: Path) -> None:
    edit(repo, "params.yaml", "  dpi:", "  resolution:")
    edit(repo, "dvc.yaml", "plot.dpi", "plot.resolution")


@mistake("param-unknown")
def file_of_params_was_deleted_and_that_is_committed(repo: Path) -> None:
    (repo / "params.yaml").unlink()
    save(repo)


@mistake("param-unknown")
def key_of_params_has_another_name_than_in_the_code_and_is_committed(repo: Path) -> None:
    key_of_params_has_another_name_than_in_the_code(repo)
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_section_in_a_section_is_misspelled(repo: Path) -> None:
    edit(repo, "params.yaml", "    lower:", "    low:")


@mistake("param-unknown")
def key_of_a_section_in_a_declared_section_is_misspelled_and_committed(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"].update(params=["preprocess"]))
    edit(repo, "params.yaml", "    lower:", "    low:")
    save(repo)


@mistake("param-unknown", "dvc-file-uncommitted")
def key_of_a_stage_of_ones_own_was_deleted(repo: Path) -> None:
    append(repo, "params.yaml", "notes:\n  width: 3\n")
    _add_a_stage(repo, params=["notes.width"])
    edit(repo, "params.yaml", "  width: 3\n", "  height: 3\n")


@mistake("out-undeclared")
def model_is_no_out(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["plots"].pop()
        stages["plot"]["deps"].remove("models/fine_tuning_history.csv")
        stages["plot"]["deps"].append("models")

    edit_stages(repo, change)


@mistake("out-undeclared")
def curves_are_no_outs(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["evaluate"].update(outs=[]))


@mistake("stage-disconnected")
def consumer_does_not_depend_on_the_model(repo: Path) -> None:
    def change(stages: dict[str, Any]) -> None:
        for name in ("classifier.onnx", "classifier.fp32.onnx"):
            stages["evaluate"]["deps"].remove(f"models/{name}")

    edit_stages(repo, change)


@mistake("stage-disconnected")
def training_does_not_depend_on_preprocessing(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"]["deps"].remove("data/preprocess"))


@mistake("stage-disconnected")
def export_does_not_depend_on_training(repo: Path) -> None:
    edit_stages(repo, lambda s: s["export"]["deps"].remove("models/classifier.weights.h5"))


@mistake("cycle")
def first_stage_depends_on_the_last(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["preprocess"]["deps"].append("results/plots"))


@mistake("cycle")
def stage_depends_on_its_own_out(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["export"]["deps"].append("models/classifier.onnx"))


@mistake("stage-frozen")
def stage_is_frozen_and_hides_a_change(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"].update(frozen=True))
    append(repo, "pipeline/train/training.py", "# A change.\n")
    save(repo)


@mistake("stage-frozen")
def stage_is_frozen_and_hides_nothing(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["plot"].update(frozen=True))


@mistake("metrics-as-outs")
def metrics_are_plain_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["evaluate"]["outs"] += [{"results/metrics/test.json": {"cache": False}}]
        del stages["evaluate"]["metrics"]

    edit_stages(repo, change)


@mistake("metrics-as-outs")
def histories_are_plain_outs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["outs"] += ["models/history.csv", "models/fine_tuning_history.csv"]
        del stages["train"]["plots"]

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def metrics_are_not_committed(repo: Path) -> None:
    run(repo, "git", "rm", "--quiet", "--cached", "results/metrics/test.json")
    run(repo, "git", "commit", "--quiet", "--message", "Forget them")


@mistake("uncached-out-uncommitted")
def model_is_neither_cached_nor_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["export"]["outs"][1] = {"models/classifier.onnx": {"cache": False}}

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def folder_of_data_is_neither_cached_nor_committed(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["preprocess"]["outs"] = [{"data/preprocess": {"cache": False}}]

    edit_stages(repo, change)


@mistake("uncached-out-uncommitted")
def metrics_of_an_earlier_run_are_committed(repo: Path) -> None:
    edit(repo, "results/metrics/test.json", '"map": 0.5', '"map": 0.6')
    _record_alone(repo, "evaluate")


@mistake("uncached-out-uncommitted")
def folder_without_cache_is_committed_in_part(repo: Path) -> None:
    edit(repo, "results/.gitignore", "/plots\n", "")

    def change(stages: Any) -> None:
        stages["plot"]["plots"] = [{"results/plots": {"cache": False}}]

    edit_stages(repo, change)
    finished.picture(repo / "results" / "plots" / "history.png", 3)
    _record_alone(repo, "plot")


def _record_alone(repo: Path, stage: str) -> None:
    """Run a stage and commit the lock, and nothing else that came of it."""
    finished.record(repo, stage)
    run(repo, "git", "commit", "--quiet", "--message", "Run", "dvc.lock")
    finished.push(repo)


# ── what stands where it does not belong ──


@mistake("dep-absent")
def dep_is_no_file(repo: Path) -> None:
    """There is pipeline/plot/plots.py."""
    _declare(repo, lambda stages: stages["plot"]["deps"].append("pipeline/plots.py"))


@mistake("dep-absent")
def folder_of_shared_code_has_a_typo(repo: Path) -> None:
    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        deps[deps.index("pipeline/shared")] = "pipeline/shraed"

    _declare(repo, change)


@mistake("dep-absent")
def data_is_named_from_another_folder(repo: Path) -> None:
    """params.yaml has a section of that name, which train does not read."""

    def change(stages: Any) -> None:
        deps = stages["train"]["deps"]
        deps[deps.index("data/preprocess")] = "preprocess"

    _declare(repo, change)


@mistake("dep-absent")
def param_stands_below_the_deps(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"]["params"].remove("train.epochs")
        stages["train"]["deps"].append("train.epochs")

    _declare(repo, change)


@mistake("dep-absent")
def dep_of_a_stage_of_ones_own_has_a_typo(repo: Path) -> None:
    _add_a_stage(repo)
    _declare(repo, lambda stages: stages["notes"].update(deps=["notse.txt"]))


@mistake("out-not-written")
def out_has_a_typo(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(plots=["result/plots"]))


@mistake("out-not-written")
def out_is_one_that_no_code_writes(repo: Path) -> None:
    _declare(repo, lambda stages: stages["train"]["outs"].append("models/best.h5"))


@mistake("code-among-outs")
def code_of_all_stages_is_an_out(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline"]))


@mistake("code-among-outs")
def module_of_the_stage_is_an_out(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline/plot/plots.py"]))


@mistake("code-among-outs")
def code_is_an_out_and_a_run_deleted_it(repo: Path) -> None:
    """As ``dvc repro`` leaves it: what the stage needs to run is gone."""
    _declare(repo, lambda stages: stages["plot"].update(outs=["pipeline/plot"]))
    shutil.rmtree(repo / "pipeline" / "plot")


@mistake("out-overlap")
def out_is_a_folder_around_those_of_another_stage(repo: Path) -> None:
    _declare(repo, lambda stages: stages["plot"].update(plots=["results"]))


@mistake("sections-in-command", "lock-stale")
def sections_are_indented_below_the_command(repo: Path) -> None:
    _indent_sections(repo, "train", "export")


@mistake("sections-in-command", "lock-stale")
def sections_of_the_last_stage_are_indented_below_the_command(repo: Path) -> None:
    _indent_sections(repo, "plot", None)


def _indent_sections(repo: Path, stage: str, following: str | None) -> None:
    text = _text(repo, "dvc.yaml")
    start = text.index(f"  {stage}:\n")
    end = text.index(f"  {following}:\n") if following else len(text)
    command, sections = text[start:end].split("    deps:\n")
    lines = [line and f"  {line}" for line in ["    deps:", *sections.split("\n")]]
    finished.write(repo / "dvc.yaml", text[:start] + command + "\n".join(lines) + text[end:])
    save(repo)


@mistake("stage-wrong-command", "lock-stale")
def lines_of_the_command_end_in_backslashes(repo: Path) -> None:
    """DVC runs each line as a command of its own."""
    _declare(repo, lambda s: s["train"].update(cmd=s["train"]["cmd"].replace(" --", " \\\n--")))


@mistake("stage-wrong-command", "lock-stale")
def options_of_the_command_have_lines_of_their_own(repo: Path) -> None:
    _declare(repo, lambda s: s["train"].update(cmd=s["train"]["cmd"].replace(" --", "\n--")))


@mistake("stage-missing", "stage-wrong-command", "lock-stale")
def stage_runs_two_modules(repo: Path) -> None:
    def change(stages: Any) -> None:
        first, second = stages.pop("preprocess"), stages["train"]
        second["cmd"] = f"{first['cmd']} && {second['cmd']}"
        for section in ("deps", "params", "outs"):
            second[section] = list(dict.fromkeys([*first[section], *second[section]]))

    _declare(repo, change)


@mistake("out-undeclared", "dep-undeclared", "param-undeclared")
def stage_was_added_with_half_of_what_it_needs(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["train"] = {"cmd": stages["train"]["cmd"], "deps": ["data/preprocess"]}

    _declare(repo, change)


@mistake("param-unknown", "param-undeclared")
def declared_param_is_a_misspelt_one_of_those_read(repo: Path) -> None:
    def change(stages: Any) -> None:
        params = stages["train"]["params"]
        params[params.index("train.dropout")] = "train.droput"

    _declare(repo, change)


@mistake("out-wrong")
def metrics_are_yaml(repo: Path) -> None:
    metrics = json.loads(_text(repo, "results/metrics/test.json"))
    _replace(repo, "evaluate", "results/metrics/test.json", yaml.safe_dump(metrics).encode())


def _declare(repo: Path, change: Callable[[Any], None]) -> None:
    """Change dvc.yaml, as ``dvc stage add`` writes it, and commit; nothing runs."""

    def as_dvc_writes(stages: Any) -> None:
        for stage in stages.values():
            stage.pop("desc", None)
            if "plots" in stage:
                stage["plots"] = [
                    next(iter(p)) if isinstance(p, dict) else p for p in stage["plots"]
                ]

    edit_stages(repo, as_dvc_writes)
    edit_stages(repo, change, run_again=False)


@mistake("windows-paths")
def paths_in_pipeline_and_lock_have_backslashes(repo: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock"):
        lines = _text(repo, name).splitlines()
        paths = ("- data/", "- path: data/", "path: data/")
        written = [
            line.replace("/", "\\") if line.strip().startswith(paths) else line for line in lines
        ]
        finished.write(repo / name, "\n".join(written) + "\n")
    save(repo)


@mistake("windows-paths")
def path_of_the_raw_data_has_a_backslash(repo: Path) -> None:
    raw = _text(repo, "data/raw.dvc").replace("path: raw", "path: data\\raw")
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    finished.write(repo / "raw.dvc", raw)
    finished.write(repo / ".gitignore", f"{_text(repo, '.gitignore')}/data/raw\n")
    save(repo)


@mistake("windows-paths")
def one_option_of_a_command_has_backslashes_and_a_pattern_too(repo: Path) -> None:
    """Each line is edited: not every backslash is in a path."""
    old = "python -m pipeline.plot --data data/preprocess"
    new = "python -m pipeline.plot --data data\\preprocess"
    _edit_command(repo, "plot", old, new)
    append(repo, "dvc.yaml", "# a pattern: \\d+\n")
    save(repo)


@mistake("wrong-file-name")
def params_end_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yml")
    save(repo)


@mistake("wrong-file-name")
def pipeline_ends_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "dvc.yaml", "dvc.yml")
    save(repo)


@mistake("wrong-file-name")
def pipeline_begins_with_a_capital(repo: Path) -> None:
    run(repo, "git", "mv", "dvc.yaml", "Dvc.yaml")
    save(repo)


@mistake("wrong-file-name")
def notepad_saved_the_params(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yaml.txt")
    save(repo)


@mistake("wrong-file-name")
def command_and_params_end_in_yml(repo: Path) -> None:
    run(repo, "git", "mv", "params.yaml", "params.yml")
    finished.write(repo / "dvc.yaml", _text(repo, "dvc.yaml").replace("params.yaml", "params.yml"))
    save(repo)


@mistake("line-endings")
def code_has_the_line_ends_of_windows_and_is_committed(repo: Path) -> None:
    (repo / ".gitattributes").unlink()
    _write_crlf(repo)
    save(repo)


@mistake("line-endings")
def git_wrote_the_line_ends_of_windows(repo: Path) -> None:
    """As a clone with core.autocrlf has them: to git nothing has changed."""
    run(repo, "git", "rm", "--quiet", ".gitattributes")
    save(repo)
    run(repo, "git", "config", "core.autocrlf", "true")
    _write_crlf(repo)
    run(repo, "git", "add", "pipeline")


def _write_crlf(repo: Path) -> None:
    for path in (repo / "pipeline").rglob("*.py"):
        finished.write(path, path.read_bytes().replace(b"\n", b"\r\n"))


# ── files ──


@mistake("out-missing")
def model_was_deleted(repo: Path) -> None:
    (repo / "models" / "classifier.onnx").unlink()


@mistake("out-missing")
def raw_data_was_deleted(repo: Path) -> None:
    shutil.rmtree(repo / "data" / "raw")


@mistake("out-wrong")
def one_image_of_a_folder_was_deleted(repo: Path) -> None:
    (repo / "data" / "preprocess" / "images" / "gp000003-0.png").unlink()


@mistake("out-wrong")
def model_is_no_model(repo: Path) -> None:
    _replace(repo, "export", "models/classifier.onnx", b"not a model")


@mistake("out-wrong")
def model_has_other_names(repo: Path) -> None:
    _replace(repo, "export", "models/classifier.onnx", onnx_models.model(input_name="input_1"))


@mistake("out-wrong")
def splits_share_a_poster(repo: Path) -> None:
    finished.split(repo, "test", [0, 8, 9])
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("out-wrong")
def picture_is_a_text(repo: Path) -> None:
    _replace(repo, "plot", "results/plots/examples.png", b"a text")


@mistake("out-wrong")
def metrics_lack_a_number(repo: Path) -> None:
    _replace(repo, "evaluate", "results/metrics/test.json", b'{"map": 0.5}')


@mistake("out-wrong")
def pictures_of_the_posters_are_texts(repo: Path) -> None:
    for path in (repo / "data" / "preprocess" / "images").iterdir():
        finished.write(path, "a text")
    _replace(repo, "plot", "results/plots/notes.txt", b"")


@mistake("out-wrong")
def picture_is_cut_short(repo: Path) -> None:
    path = "results/plots/examples.png"
    _replace(repo, "plot", path, (repo / path).read_bytes()[:12])


@mistake("out-wrong")
def metric_is_not_a_number(repo: Path) -> None:
    _change_metric(repo, "NaN")


@mistake("out-wrong")
def metric_is_true(repo: Path) -> None:
    _change_metric(repo, "true")


@mistake("out-wrong")
def metric_is_more_than_the_whole(repo: Path) -> None:
    _change_metric(repo, "7.5")


def _change_metric(repo: Path, value: str) -> None:
    path = "results/metrics/test.json"
    text = (repo / path).read_text("utf-8").replace('"map": 0.5', f'"map": {value}')
    _replace(repo, "evaluate", path, text.encode())


@mistake("out-wrong")
def model_takes_floats(repo: Path) -> None:
    content = onnx_models.model(input_type=TensorProto.FLOAT)
    _replace(repo, "export", "models/classifier.onnx", content)


@mistake("out-wrong")
def genres_are_words(repo: Path) -> None:
    path = "data/preprocess/train.csv"
    text = (repo / path).read_text("utf-8").replace(",0,1\n", ",no,yes\n")
    _replace(repo, "preprocess", path, text.encode())


def _replace(repo: Path, stage: str, path: str, content: bytes) -> None:
    """As if a run of ``stage`` had written other bytes, and all that follows had run."""
    finished.write(repo / path, content)
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("dvcignore-lacks-pycache")
def dvcignore_says_nothing_of_bytecode(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def bytecode_of_an_inner_folder_is_not_ignored(repo: Path) -> None:
    """pipeline/shared/decoding lies deeper than the line reaches; and its end is missing."""
    edit(repo, ".dvcignore", "__pycache__/\n.partial-*\n.old-*\n", "pipeline/*/__pycache__/")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def bytecode_of_one_python_alone_is_ignored(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "*.cpython-311.pyc\n")
    save(repo)


@mistake("dvcignore-lacks-pycache")
def another_command_of_the_stage_writes_no_bytecode(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "")

    def change(stages: Any) -> None:
        stages["plot"]["cmd"] = ["python -B -c pass", stages["plot"]["cmd"]]

    edit_stages(repo, change)


@mistake("dvcignore-lacks-pycache", "lock-stale")
def bytecode_lies_in_the_shared_code_after_a_run(repo: Path) -> None:
    """Only git is told to leave it out."""
    finished.write(repo / ".dvcignore", ".DS_Store\n")
    finished.write(repo / "pipeline" / "shared" / "__pycache__" / "outs.pyc", b"bytecode")
    save(repo)


@mistake("line-endings")
def stage_ran_on_code_with_the_line_ends_of_windows(repo: Path) -> None:
    """Git takes it in with LF, and says that nothing changed."""
    path = repo / "pipeline" / "export" / "__main__.py"
    finished.write(path, path.read_bytes().replace(b"\n", b"\r\n"))
    finished.record(repo)
    save(repo)
    finished.push(repo)


@mistake("lock-stale")
def module_is_renamed_in_the_folder_alone(repo: Path) -> None:
    (repo / "pipeline" / "plot" / "plots.py").rename(repo / "pipeline" / "plot" / "plot.py")


@mistake("lock-stale")
def table_of_the_raw_data_was_deleted(repo: Path) -> None:
    (repo / "data" / "raw" / "train.csv").unlink()


@mistake("cache-corrupt")
def cached_model_was_overwritten(repo: Path) -> None:
    _corrupt(finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")))


@mistake("cache-corrupt")
def cached_picture_is_cut_short(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    _corrupt(finished.cache_object(repo, json.loads(listing.read_bytes())[0]["md5"]))


def _corrupt(path: Path) -> None:
    finished.write(path, path.read_bytes()[:-3])
    path.chmod(0o444)


# ── sharing ──


@mistake("absolute-path")
def dep_is_an_absolute_path(repo: Path) -> None:
    finished.write(repo.parent / "notes.txt", "notes")

    def change(stages: Any) -> None:
        stages["plot"]["deps"].append((repo.parent / "notes.txt").as_posix())

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_the_home_folder(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        stages["plot"]["cmd"] = cmd.replace(
            "--out results/plots", f"--out '{repo.as_posix()}/results/plots'"
        )

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_an_absolute_path_behind_an_equals_sign(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        path = f"{repo.as_posix()}/data/preprocess"
        stages["plot"]["cmd"] = cmd.replace("--data data/preprocess", f"'--data={path}'")

    edit_stages(repo, change)


@mistake("absolute-path")
def command_names_the_home_folder_by_a_variable(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["plot"]["cmd"]
        stages["plot"]["cmd"] = cmd.replace("data/preprocess", "$HOME/data/preprocess")

    edit_stages(repo, change)


@mistake("absolute-path")
def cache_of_this_machine_is_in_the_config(repo: Path) -> None:
    append(repo, ".dvc/config", f"[cache]\n    dir = {repo / '.dvc' / 'cache'}\n")
    save(repo)


@mistake("wrong-directory", "stage-never-run")
def pipeline_is_in_a_folder(repo: Path) -> None:
    finished.write(
        repo / "extra" / "dvc.yaml",
        "stages:\n  notes:\n    cmd: echo\n    deps: [../params.yaml]\n",
    )
    save(repo)


@mistake("wrong-directory")
def stage_has_a_wdir(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["notes"] = {"cmd": "echo", "wdir": "data", "deps": ["../params.yaml"]}

    edit_stages(repo, change)
    _edit_lock(repo, lambda stages: stages["notes"]["deps"][0].update(path="../params.yaml"))


@mistake("wrong-directory", "dvc-file-uncommitted", "out-missing")
def wdir_of_a_stage_leads_its_paths_nowhere(repo: Path) -> None:
    text = (repo / "dvc.yaml").read_text("utf-8")
    before, name, after = text.partition("  evaluate:\n")
    finished.write(repo / "dvc.yaml", f"{before}{name}    wdir: data\n{after}")


@mistake("change-not-isolated")
def nothing_was_changed(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")
    save(repo)


@mistake("change-not-isolated")
def stages_were_run_by_force(repo: Path) -> None:
    shutil.rmtree(repo / ".git")
    run(repo, "git", "init", "--quiet")
    save(repo)
    finished.change_param(repo, "plot", "dpi", 90)
    finished.write(repo / "models" / "classifier.weights.h5", b"\x89HDF\r\n\x1a\n others")
    finished.record(repo)
    save(repo)
    finished.push(repo)


# ── the remote ──


@mistake("out-not-pushed")
def nothing_was_pushed(repo: Path) -> None:
    shutil.rmtree(repo.parent / "remote" / "files")


@mistake("out-not-pushed")
def one_picture_of_a_folder_is_not_on_the_remote(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    finished.remote_object(repo, json.loads(listing.read_bytes())[0]["md5"]).unlink()


@mistake("out-not-pushed")
def one_object_on_the_remote_is_empty(repo: Path) -> None:
    finished.write(
        finished.remote_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")), b""
    )


@mistake("out-not-pushed")
def one_picture_of_a_folder_is_empty_on_the_remote(repo: Path) -> None:
    listing = finished.cache_object(repo, finished.md5_of(repo, "preprocess", "data/preprocess"))
    path = finished.remote_object(repo, json.loads(listing.read_bytes())[0]["md5"])
    finished.write(path, b"")
    path.chmod(0o444)


@mistake("out-not-pushed")
def one_object_on_the_remote_has_other_bytes(repo: Path) -> None:
    path = finished.remote_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx"))
    content = path.read_bytes()
    finished.write(path, content[:-1] + bytes([content[-1] ^ 1]))


@mistake("out-not-pushed")
def out_is_kept_back(repo: Path) -> None:
    path = "models/classifier.weights.h5"
    edit_stages(repo, lambda stages: stages["train"].update(outs=[{path: {"push": False}}]))
    finished.remote_object(repo, finished.md5_of(repo, "train", path)).unlink()


@mistake("out-lost")
def model_is_neither_in_the_cache_nor_on_the_remote(repo: Path) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    finished.cache_object(repo, md5).unlink()
    finished.remote_object(repo, md5).unlink()


@mistake("out-missing")
def cache_was_deleted_after_the_push(repo: Path) -> None:
    """Advice: dvc status is not clean, and dvc repro would run everything again."""
    shutil.rmtree(repo / ".dvc" / "cache")


@mistake("out-missing")
def one_object_is_gone_from_the_cache_alone(repo: Path) -> None:
    finished.cache_object(repo, finished.md5_of(repo, "export", "models/classifier.onnx")).unlink()


@mistake("out-lost")
def cache_was_deleted_before_the_push(repo: Path) -> None:
    shutil.rmtree(repo / ".dvc" / "cache")
    shutil.rmtree(repo.parent / "remote" / "files")


@mistake("out-lost", "out-missing")
def neighbour_pushed_to_git_and_not_with_dvc(repo: Path) -> None:
    model_is_neither_in_the_cache_nor_on_the_remote(repo)
    (repo / "models" / "classifier.onnx").unlink()


@mistake("out-lost", "cache-corrupt")
def object_is_damaged_in_the_cache_and_on_the_remote(repo: Path) -> None:
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    _corrupt(finished.cache_object(repo, md5))
    _corrupt(finished.remote_object(repo, md5))


@mistake("out-lost", "cache-corrupt", "out-wrong")
def object_is_damaged_wherever_it_is(repo: Path) -> None:
    """As with links in place of copies: what is in the folder is what is in the cache."""
    object_is_damaged_in_the_cache_and_on_the_remote(repo)
    md5 = finished.md5_of(repo, "export", "models/classifier.onnx")
    damaged = finished.cache_object(repo, md5).read_bytes()
    finished.write(repo / "models" / "classifier.onnx", damaged)


@mistake("remote-unreachable")
def folder_of_the_remote_is_gone(repo: Path) -> None:
    shutil.rmtree(repo.parent / "remote")


@mistake("remote-unreachable")
def nobody_answers_at_the_address(repo: Path) -> None:
    url = "gs://workshop-bucket/ada"
    _config(repo, _remote(repo, url) + "    endpointurl = http://127.0.0.1:9\n")
