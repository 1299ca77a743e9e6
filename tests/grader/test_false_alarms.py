"""Correct repositories that are built differently keep their full score."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.grading import grade
from tests.grader import finished
from tests.grader.gallery import append, edit, edit_stages, move_code, save
from tests.grader.results import fix_of
from tests.grader.test_mistakes import codes, told
from tests.repositories import ROOT, run

Build = Callable[[Path], Path | None]
VARIANTS: list[Build] = []


def variant(build: Build) -> Build:
    """Enter the function, which may return another repository than it got, into the table."""
    VARIANTS.append(build)
    return build


@variant
def as_the_workshop_teaches_it(repo: Path) -> None:
    assert repo


@variant
def the_table_in_git_and_the_images_in_dvc(repo: Path) -> None:
    _add_in_parts(repo, "Images")


@variant
def raw_data_in_parts_and_a_note_beside_it(repo: Path) -> None:
    finished.write(repo / "data" / "raw" / "notes.txt", "mine")
    _add_in_parts(repo, "Images", "train.csv", ignored="/notes.txt\n")


def _add_in_parts(repo: Path, *names: str, ignored: str = "") -> None:
    """Give these parts of the raw data to DVC, and what is left and not ``ignored`` to git."""
    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit(repo, "data/.gitignore", "/raw\n", "")
    lines = "".join(f"/{name}\n" for name in names)
    finished.write(repo / "data" / "raw" / ".gitignore", lines + ignored)
    for name in names:
        finished.add(repo, f"data/raw/{name}")
    finished.record(repo)
    save(repo)
    finished.push(repo)


@variant
def another_stage_name(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages.update(fit=stages.pop("train")))


@variant
def another_remote_name(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    finished.write(repo / ".dvc" / "config", text.replace("workshop", "Storage"))
    save(repo)


@variant
def several_remotes(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"backup\"']\n    url = /mnt/backup\n")
    save(repo)


@variant
def a_mirror_of_the_remote_for_this_machine_alone(repo: Path) -> None:
    mirror = repo.parent / "mirror"
    mirror.mkdir()
    local = f"['remote \"workshop\"']\n    url = {mirror}\n"
    finished.write(repo / ".dvc" / "config.local", local)


@variant
def another_remote_inside_the_repository(repo: Path) -> None:
    scratch = repo / "scratch"
    append(repo, ".dvc/config", f"['remote \"scratch\"']\n    url = {scratch}\n")
    save(repo)


@variant
def dvc_yaml_as_dvc_stage_add_writes_it(repo: Path) -> None:
    document = yaml.safe_load((repo / "dvc.yaml").read_text("utf-8"))
    for stage in document["stages"].values():
        stage.pop("desc")
        stage["cmd"] = " ".join(stage["cmd"].split())
    finished.write(repo / "dvc.yaml", yaml.safe_dump(document, sort_keys=False, width=80))
    finished.record(repo)
    save(repo)


@variant
def bytecode_in_a_folder_that_is_a_dep(repo: Path) -> None:
    (repo / "pipeline" / "shared" / "__pycache__").mkdir(exist_ok=True)
    (repo / "pipeline" / "shared" / "__pycache__" / "outs.pyc").write_bytes(b"code")


@variant
def modules_as_deps_and_no_line_for_bytecode(repo: Path) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", "")
    edit_stages(repo, _name_each_module)


def _name_each_module(stages: Any) -> None:
    folder = ROOT / "pipeline"
    modules = [path.relative_to(ROOT).as_posix() for path in sorted(folder.rglob("*.py"))]
    for name, stage in stages.items():
        data = [dep for dep in stage["deps"] if not dep.startswith("pipeline/")]
        code = [one for one in modules if one.startswith(("pipeline/shared", f"pipeline/{name}/"))]
        stage["deps"] = [*data, *code]


@variant
def one_folder_of_code_and_the_modules_of_another_as_deps(repo: Path) -> None:
    def change(stages: Any) -> None:
        before = {name: [*stage["deps"]] for name, stage in stages.items()}
        _name_each_module(stages)
        for name, stage in stages.items():
            shared = [dep for dep in stage["deps"] if dep.startswith("pipeline/shared/")]
            stage["deps"] = [dep for dep in before[name] if dep != "pipeline/shared"] + shared

    edit_stages(repo, change)


@variant
def folder_of_data_or_of_a_script_with_python_in_it(repo: Path) -> None:
    """Python writes no bytecode of the script that it is given, and wc none of data."""
    finished.write(repo / "tools" / "count.py", "print(1)\n")
    edit(repo, ".dvcignore", "__pycache__/\n", "/pipeline/**/__pycache__\n")

    def change(stages: Any) -> None:
        stages["count"] = {"cmd": "python tools/count.py", "deps": ["tools"]}
        stages["measure"] = {"cmd": "wc -l tools/count.py", "deps": ["tools"]}

    edit_stages(repo, change)


@variant
def bytecode_left_out_by_its_ending(repo: Path) -> None:
    _leave_bytecode_out_by(repo, "*.py[co]")


@variant
def bytecode_left_out_at_any_depth(repo: Path) -> None:
    _leave_bytecode_out_by(repo, "**/__pycache__")


@variant
def bytecode_left_out_by_a_name_without_a_slash(repo: Path) -> None:
    _leave_bytecode_out_by(repo, "__pycache__")


@variant
def bytecode_left_out_in_a_file_beside_the_code(repo: Path) -> None:
    finished.write(repo / "pipeline" / ".dvcignore", "__pycache__/\n")
    _leave_bytecode_out_by(repo, "")


def _leave_bytecode_out_by(repo: Path, line: str) -> None:
    edit(repo, ".dvcignore", "__pycache__/\n", f"{line}\n")
    finished.write(repo / "pipeline" / "shared" / "__pycache__" / "outs.pyc", b"bytecode")
    save(repo)


@variant
def no_bytecode_is_written(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = stage["cmd"].replace("python -m", "python -B -m")

    edit(repo, ".dvcignore", "__pycache__/\n", "")
    edit_stages(repo, change)


@variant
def folders_as_deps_in_place_of_their_files(repo: Path) -> None:
    def change(stages: Any) -> None:
        plot = stages["plot"]
        plot["deps"] = [d for d in plot["deps"] if not d.startswith("results/curves")]
        plot["deps"].append("results/curves")

    edit_stages(repo, change)


@variant
def dots_and_slashes_in_commands(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["train"]["cmd"]
        stages["train"]["cmd"] = cmd.replace("--data data/preprocess", "--data ./data/preprocess/")

    edit_stages(repo, change)


@variant
def commands_with_equals_signs_and_a_runner(repo: Path) -> None:
    def change(stages: Any) -> None:
        cmd = stages["train"]["cmd"].replace("--data data", "--data=data")
        stages["train"]["cmd"] = cmd.replace("python -m", "uv run python3 -m")

    edit_stages(repo, change)


@variant
def options_of_what_starts_python(repo: Path) -> None:
    def change(stages: Any) -> None:
        for name, runner in (
            ("train", "uv run --no-sync python -m"),
            ("plot", "conda run -n w --no-capture-output python -m"),
        ):
            stages[name]["cmd"] = stages[name]["cmd"].replace("python -m", runner)

    edit_stages(repo, change)


@variant
def other_programs_before_and_behind(repo: Path) -> None:
    def change(stages: Any) -> None:
        evaluate, train = stages["evaluate"], stages["train"]
        evaluate["cmd"] = [
            "python -m json.tool --indent 2 params.yaml",
            evaluate["cmd"],
            "python -m json.tool --indent 2 results/metrics/test.json",
        ]
        train["cmd"] += " 2>&1 | tee --append train.log"
        stages["plot"]["cmd"] += "&& echo --done--; ls --all"
        # An entry of a list is handed to the shell whole, with lines that a backslash continues.
        export = stages["export"]["cmd"].replace(" --", " \\\n--")
        stages["export"]["cmd"] = [f"{export}\necho --x\n"]

    edit_stages(repo, change)


@variant
def a_command_of_several_lines_each_of_which_is_one(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["export"]["cmd"] = f"echo --start\n{stages['export']['cmd']}\necho --x\n"

    edit_stages(repo, change)


@variant
def an_out_that_the_code_names_and_the_command_does_not(repo: Path) -> None:
    append(repo, "pipeline/train/training.py", "\nREPORT = 'report.txt'\n")
    finished.write(repo / "models" / "report.txt", "notes")
    append(repo, "models/.gitignore", "/report.txt\n")
    edit_stages(repo, lambda stages: stages["train"]["outs"].append("models/report.txt"))


@variant
def a_text_with_backslashes_that_is_no_path(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["count"] = {"cmd": "grep -c 'a\\.b\\d' params.yaml", "deps": ["params.yaml"]}

    edit_stages(repo, change)


@variant
def params_of_another_name_that_are_declared(repo: Path) -> None:
    def change(stages: Any) -> None:
        for stage in stages.values():
            stage["cmd"] = stage["cmd"].replace("params.yaml", "params.yml")
            if "params" in stage:
                stage["params"] = [{"params.yml": stage["params"]}]

    run(repo, "git", "mv", "params.yaml", "params.yml")
    edit_stages(repo, change)


@variant
def files_called_nearly_as_those_of_dvc(repo: Path) -> None:
    finished.write(repo / "dvc.yaml.orig", "stages: {}\n")
    finished.write(repo / "params.yml", "mine: 1\n")
    save(repo)


@variant
def metrics_in_a_file_of_yaml(repo: Path) -> None:
    import json

    path = "results/metrics/test.yaml"
    metrics = json.loads((repo / "results" / "metrics" / "test.json").read_text("utf-8"))
    finished.write(repo / path, yaml.safe_dump(metrics))

    def change(stages: Any) -> None:
        evaluate = stages["evaluate"]
        evaluate["cmd"] = evaluate["cmd"].replace("results/metrics/test.json", path)
        evaluate["metrics"] = [{path: {"cache": False}}]

    run(repo, "git", "rm", "--quiet", "results/metrics/test.json")
    edit_stages(repo, change)


@variant
def code_in_another_folder_by_the_path_of_python(repo: Path) -> None:
    move_code(repo, "src", lambda _: None, lambda cmd: f"PYTHONPATH=src:$PYTHONPATH {cmd}")


@variant
def code_in_another_folder_that_is_entered_first(repo: Path) -> None:
    def enter(cmd: str) -> str:
        return "cd src && " + re.sub(r" (data|models|results|params)([/.])", r" ../\1\2", cmd)

    move_code(repo, "src", lambda _: None, enter)


@variant
def code_in_a_package_of_another_name(repo: Path) -> None:
    move_code(repo, "src", lambda _: None, lambda cmd: cmd.replace("-m p", "-m src.p"))


@variant
def a_stage_in_a_folder_that_runs_in_the_root(repo: Path) -> None:
    """``wdir: ..``: its paths are those of the root."""
    stage = {"cmd": "echo", "wdir": "..", "deps": ["params.yaml"]}
    finished.write(repo / "extra" / "dvc.yaml", yaml.safe_dump({"stages": {"notes": stage}}))
    lock = {"cmd": "echo", "deps": finished.lock(repo)["plot"]["deps"][:0]}
    content = (repo / "params.yaml").read_bytes()
    md5 = hashlib.md5(content).hexdigest()
    lock["deps"] = [{"path": "params.yaml", "hash": "md5", "md5": md5, "size": len(content)}]
    document = {"schema": "2.0", "stages": {"notes": lock}}
    finished.write(repo / "extra" / "dvc.lock", yaml.safe_dump(document))
    save(repo)


@variant
def one_poster_and_a_plot_for_a_page(repo: Path) -> None:
    (repo / "docs").mkdir()
    shutil.copy(repo / "data" / "raw" / "Images" / "gp000001.jpg", repo / "docs" / "poster.jpg")
    shutil.copy(repo / "results" / "plots" / "examples.png", repo / "docs" / "examples.png")
    shutil.copy(repo / "results" / "curves" / "genres.csv", repo / "docs" / "genres.csv")
    save(repo)


@variant
def a_list_of_commands(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["plot"]["cmd"] = ["echo drawing", stages["plot"]["cmd"]]

    edit_stages(repo, change)


@variant
def commands_of_many_kinds(repo: Path) -> None:
    def change(stages: Any) -> None:
        for name, old, new in (
            ("preprocess", "python -m", "mkdir -p data && env X=1 uv run --no-sync python -u -m"),
            ("train", "python -m", "time conda run -n w --no-capture-output py -3 -m"),
            ("export", "python -m", "test -d models || mkdir models; python3 -X dev -m"),
            (
                "evaluate",
                "python -m pipeline.evaluate",
                "PYTHONPATH=. python ./pipeline/evaluate",
            ),
            ("plot", "--data data/preprocess", "--data $PWD/data/preprocess"),
        ):
            assert old in stages[name]["cmd"]
            stages[name]["cmd"] = stages[name]["cmd"].replace(old, new)
        stages["plot"]["cmd"] += " 2>&1 | tee results/plot.log && echo --done--"
        stages["evaluate"]["cmd"] = [stages["evaluate"]["cmd"], "python -m json.tool --indent 2 x"]

    edit_stages(repo, change)


@variant
def an_extra_stage_and_an_extra_data_set(repo: Path) -> None:
    finished.write(repo / "data" / "notes.txt", "notes")
    append(repo, "data/.gitignore", "/notes.txt\n")
    finished.add(repo, "data/notes.txt")

    def change(stages: Any) -> None:
        stages["count"] = {"cmd": "wc", "deps": ["data/notes.txt"], "outs": ["results/count.txt"]}

    finished.write(repo / "results" / "count.txt", "1")
    append(repo, "results/.gitignore", "/count.txt\n")
    edit_stages(repo, change)


@variant
def a_whole_section_of_params(repo: Path) -> None:
    edit_stages(repo, lambda stages: stages["train"].update(params=["train"]))


@variant
def params_in_several_lists(repo: Path) -> None:
    def change(stages: Any) -> None:
        keys = stages["train"]["params"]
        stages["train"]["params"] = [{"params.yaml": keys[:4]}, {"params.yaml": keys[4:]}]

    edit_stages(repo, change)


@variant
def every_key_below_a_param(repo: Path) -> None:
    def change(stages: Any) -> None:
        params = stages["preprocess"]["params"]
        params.remove("preprocess.colour_filter")
        params += [f"preprocess.colour_filter.{key}" for key in ("lower", "upper", "max_share")]

    edit_stages(repo, change)


@variant
def a_committed_model_without_cache(repo: Path) -> None:
    edit(repo, "models/.gitignore", "/classifier.onnx\n", "")

    def change(stages: Any) -> None:
        stages["export"]["outs"][1] = {"models/classifier.onnx": {"cache": False}}

    edit_stages(repo, change)


@variant
def a_committed_folder_without_cache(repo: Path) -> None:
    edit(repo, "results/.gitignore", "/plots\n", "")
    finished.write(repo / "results" / "plots" / ".notes", "not hashed")
    append(repo, ".dvcignore", ".notes\n")

    def change(stages: Any) -> None:
        stages["plot"]["plots"] = [{"results/plots": {"cache": False}}]

    finished.change_pipeline(repo, change)
    (repo / "results" / "plots" / ".notes").unlink()
    finished.record(repo)
    finished.write(repo / "results" / "plots" / ".notes", "not hashed")
    save(repo)


@variant
def metrics_with_the_line_ends_of_windows(repo: Path) -> None:
    path = repo / "results" / "metrics" / "test.json"
    finished.write(path, path.read_text("utf-8").replace(", ", ",\r\n"))
    finished.record(repo)
    save(repo)


@variant
def a_dep_that_is_a_link_in_git(repo: Path) -> None:
    finished.write(repo / "notes" / "first.txt", "notes")
    (repo / "newest.txt").symlink_to("notes/first.txt")
    edit_stages(repo, lambda stages: stages["plot"]["deps"].append("newest.txt"))


@variant
def outs_that_persist_and_plots_with_options(repo: Path) -> None:
    def change(stages: Any) -> None:
        stages["preprocess"]["outs"] = [{"data/preprocess": {"persist": True}}]

    edit_stages(repo, change)


@variant
def results_of_other_kinds(repo: Path) -> None:
    finished.write(repo / "results" / "plots" / "drawing.svg", "<svg/>")
    finished.picture(repo / "results" / "plots" / "photo.JPG", 3)
    text = (repo / "results" / "metrics" / "test.json").read_text("utf-8")
    text = text.replace('"map": 0.5', '"map": 1').replace("}", ', "note": "mine"}')
    finished.write(repo / "results" / "metrics" / "test.json", text)
    table = (repo / "data" / "preprocess" / "train.csv").read_text("utf-8")
    finished.write(
        repo / "data" / "preprocess" / "train.csv", table.replace(",0,1\n", ",0.0,1.0\n")
    )
    finished.record(repo)
    save(repo)
    finished.push(repo)


@variant
def core_autostage(repo: Path) -> None:
    edit(repo, ".dvc/config", "[core]\n", "[core]\n    autostage = true\n")
    save(repo)


@variant
def links_into_the_cache(repo: Path) -> None:
    append(repo, ".dvc/config", "[cache]\n    type = hardlink,symlink\n")
    save(repo)
    for path, link in (("classifier.onnx", os.link), ("classifier.weights.h5", os.symlink)):
        stage = "export" if path.endswith("onnx") else "train"
        place = repo / "models" / path
        place.unlink()
        link(finished.cache_object(repo, finished.md5_of(repo, stage, f"models/{path}")), place)


@variant
def a_shared_cache_folder(repo: Path) -> None:
    shared = repo.parent / "shared cache"
    shutil.move(repo / ".dvc" / "cache", shared)
    finished.write(repo / ".dvc" / "config.local", f"[cache]\n    dir = {shared}\n")


@variant
def a_git_worktree(repo: Path) -> Path:
    other = repo.parent / "worktree"
    run(repo, "git", "worktree", "add", "--quiet", str(other), "-b", "other")
    for name in ("data/raw", "data/preprocess", "models", "results", ".dvc/cache"):
        shutil.copytree(repo / name, other / name, dirs_exist_ok=True)
    return other


@variant
def a_sub_module_with_a_pipeline_of_its_own(repo: Path) -> None:
    module = repo.parent / "module"
    finished.write(module / "dvc.yaml", "stages:\n  broken: [\n")
    run(module, "git", "init", "--quiet")
    save(module)
    allowed = ("-c", "protocol.file.allow=always")
    run(repo, "git", *allowed, "submodule", "--quiet", "add", str(module), "module")
    append(repo, ".dvcignore", "/module\n")
    save(repo)


@variant
def another_branch(repo: Path) -> None:
    run(repo, "git", "checkout", "--quiet", "-b", "ada/posters")


@variant
def detached_head(repo: Path) -> None:
    run(repo, "git", "checkout", "--quiet", "--detach")


@variant
def dvc_in_a_folder_of_the_git_repository(repo: Path) -> Path:
    return _in_a_folder(repo)


def _in_a_folder(repo: Path) -> Path:
    outer = repo.parent / "outer"
    inner = outer / "posters of mine"
    shutil.copytree(repo, inner, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    run(outer, "git", "init", "--quiet")
    save(outer)
    finished.change_param(inner, "plot", "dpi", 90)
    finished.record(inner, "plot")
    save(outer)
    return inner


@variant
def graded_from_a_folder_inside(repo: Path) -> Path:
    return repo / "data"


@variant
def a_change_of_code_that_ran(repo: Path) -> None:
    append(repo, "pipeline/plot/plots.py", "# A change.\n")
    finished.record(repo, "plot")
    save(repo)


@variant
def files_that_nobody_asked_for(repo: Path) -> None:
    finished.write(repo / "notes.ipynb", "{}")
    finished.write(repo / "data" / "raw.zip", b"PK")
    finished.write(repo / "README.md", "# Mine\n")
    run(repo, "git", "add", "README.md")


@variant
def what_looks_like_a_secret_and_is_none(repo: Path) -> None:
    texts = {
        ".env.example": "AWS_SECRET_ACCESS_KEY=\nAWS_SECRET_ACCESS_KEY=your-key-here\n",
        "docs/schema.json": '{"properties": {"private_key": {}, "refresh_token": "<token>"}}',
        "compose.yaml": "aws_secret_access_key: ${AWS_SECRET_ACCESS_KEY}\n",
        "public.pem": "-----BEGIN PUBLIC KEY-----\nabc\n",
    }
    for name, text in texts.items():
        finished.write(repo / name, text)
    append(repo, ".dvc/config", "['remote \"ssh\"']\n    url = ssh://ada@example.com:22/x\n")
    append(repo, ".dvc/config", "    ask_password = true\n")
    save(repo)


@variant
def copies_of_a_pipeline_in_folders_that_git_ignores(repo: Path) -> None:
    for name in ("old", "venv/share"):
        finished.write(repo / name / "dvc.yaml", (repo / "dvc.yaml").read_bytes())
        finished.write(repo / name / "x.dvc", "outs: []\n")
    append(repo, ".gitignore", "/old\nvenv/\n")
    save(repo)


@variant
def a_remote_that_builds_on_another(repo: Path) -> None:
    url = (repo.parent / "remote").as_posix()
    finished.write(
        repo / ".dvc" / "config",
        f"[core]\n    remote = mine\n['remote \"Base\"']\n    url = {repo.parent.as_posix()}\n"
        "['remote \"mine\"']\n    url = remote://base/remote\n",
    )
    assert Path(url).is_dir()
    save(repo)


@variant
def an_out_with_a_remote_of_its_own(repo: Path) -> None:
    path, backup = "models/classifier.weights.h5", repo.parent / "backup"
    md5 = finished.md5_of(repo, "train", path)
    moved = finished.remote_object(repo, md5)
    finished.write(backup / moved.relative_to(repo.parent / "remote"), moved.read_bytes())
    append(repo, ".dvc/config", f"['remote \"backup\"']\n    url = {backup}\n")
    finished.change_pipeline(
        repo, lambda stages: stages["train"].update(outs=[{path: {"remote": "backup"}}])
    )
    save(repo)
    moved.unlink()


@variant
def raw_data_imported_from_a_folder(repo: Path) -> None:
    source = repo.parent / "posters"
    shutil.copytree(repo / "data" / "raw", source)
    text = (repo / "data" / "raw.dvc").read_text("utf-8")
    entry = yaml.safe_load(text)["outs"][0]
    dep = {**entry, "path": source.as_posix()}
    finished.write(repo / "data" / "raw.dvc", yaml.safe_dump({"deps": [dep], "outs": [entry]}))
    run(repo, "dvc", "commit", "--quiet", "--force", "data/raw.dvc")
    save(repo)


@variant
def graded_through_a_link(repo: Path) -> Path:
    (repo.parent / "link").symlink_to(_in_a_folder(repo).parent)
    return repo.parent / "link" / "posters of mine"


@variant
def graded_through_a_link_to_a_folder_inside(repo: Path) -> Path:
    (repo.parent / "link").symlink_to(_in_a_folder(repo))
    return repo.parent / "link"


@variant
def a_packed_history(repo: Path) -> None:
    run(repo, "git", "gc", "--quiet")
    run(repo, "git", "pack-refs", "--all")


@variant
def a_split_index(repo: Path) -> None:
    run(repo, "git", "update-index", "--split-index")


@variant
def line_ends_of_windows_in_the_folder(repo: Path) -> None:
    path = repo / ".dvc" / "config"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", "data/raw.dvc"):
        path = repo / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@variant
def a_place_of_its_own_in_workshop_toml(repo: Path) -> None:
    remote = (repo.parent / "remote").as_posix()
    finished.write(repo / "workshop.toml", f"[workshop]\nremote = '{remote}'\nraw = 'gs://raw/x'\n")
    save(repo)


@variant
def a_poster_less_and_others_with_new_pictures(repo: Path) -> None:
    images = repo / "data" / "raw" / "Images"
    first, *others = sorted(images.iterdir())
    first.unlink()
    for number, path in enumerate(others[:4]):
        finished.picture(path, 50 + number)
    finished.add(repo, "data/raw")
    finished.record(repo)
    save(repo)
    finished.push(repo)


@variant
def raw_data_that_a_stage_draws(repo: Path) -> None:
    def draw(stages: Any) -> None:
        stages["posters"] = {
            "cmd": "python -m pipeline.posters data/raw --count 300",
            "deps": ["pipeline/posters", "pipeline/shared"],
            "outs": ["data/raw"],
        }

    run(repo, "git", "rm", "--quiet", "data/raw.dvc")
    edit_stages(repo, draw)


@variant
def the_dvc_file_in_the_root(repo: Path) -> None:
    run(repo, "git", "mv", "data/raw.dvc", "raw.dvc")
    edit(repo, "raw.dvc", "path: raw", "path: data/raw")
    save(repo)


@variant
def archives_of_other_files(repo: Path) -> None:
    shutil.make_archive(str(repo / "slides"), "zip", repo / "pipeline" / "plot")
    finished.write(repo / "broken.zip", b"PK\3\4 and no more")
    finished.write(repo / "broken.tar.gz", b"no archive")
    save(repo)


@variant
def a_gitignore_that_notepad_wrote(repo: Path) -> None:
    """Git passes over the byte order mark."""
    path = repo / "data" / ".gitignore"
    finished.write(path, b"\xef\xbb\xbf" + path.read_bytes())
    save(repo)


@variant
def a_copy_of_a_dvc_file_that_dvc_does_not_read(repo: Path) -> None:
    shutil.copy(repo / "data" / "raw.dvc", repo / "data" / "raw.dvc.bak")
    save(repo)


@variant
def attributes_that_leave_the_bytes_of_a_clone_as_they_are(repo: Path) -> None:
    lines = (
        "* text=auto",
        "*.md eol=lf",
        "*.jpg text",
        "*.png binary",
        "*.lock -text",
        "*.R ident",
    )
    finished.write(repo / ".gitattributes", "".join(f"{line}\n" for line in lines))
    finished.write(repo / "README.md", "# Mine\n")
    save(repo)


@variant
def filter_that_nobody_has(repo: Path) -> None:
    """Without its driver git writes what it has, and what the stages ran on is just that."""
    append(repo, ".gitattributes", "*.py filter=strip\n*.ipynb filter=lfs\n")
    save(repo)


def test_a_shallow_clone_cannot_tell_whether_one_thing_was_changed(repo: Path) -> None:
    clone = repo.parent / "clone"
    run(repo, "git", "clone", "--quiet", "--depth", "1", repo.as_uri(), str(clone))
    for name in ("data/raw", "data/preprocess", "models", "results", ".dvc/cache"):
        shutil.copytree(repo / name, clone / name, dirs_exist_ok=True)
    report = grade(clone)
    (entry,) = [one for one in report.checks if one.status != "pass"]
    assert (entry.id, entry.status) == ("change.isolated", "error")
    assert "fetch-depth: 0" in fix_of(entry)
    assert report.score == report.max_score - report.not_told
    run(clone, *fix_of(entry).splitlines()[0].split())
    assert told(grade(clone)) == ""


@pytest.mark.parametrize("build", VARIANTS, ids=lambda one: one.__name__)
def test_a_correct_repository_keeps_full_score(build: Build, repo: Path) -> None:
    report = grade(build(repo) or repo)
    assert codes(report) == set(), told(report)
    assert {entry.status for entry in report.checks} == {"pass"}, told(report)
    assert report.score == report.max_score
