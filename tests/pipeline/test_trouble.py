"""A full disk or an interrupt is told clearly, and leaves nothing half-written."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.shared.errors import PipelineError, exit_code
from tests.pipeline import material

KiB = 1024


def raising(error: BaseException) -> Callable[[], None]:
    def main() -> None:
        raise error

    return main


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (PipelineError("it broke", "mend it"), 1, "it broke\n  fix: mend it"),
        (
            KeyboardInterrupt(),
            130,
            "interrupted; nothing half-written was kept\n  fix: run the command again",
        ),
        (
            OSError(28, "No space left on device", "data/out"),
            1,
            "the disk is full (data/out)\n  fix: free some space, run it again",
        ),
        (
            PermissionError(13, "Permission denied", "data/out"),
            1,
            "Permission denied (data/out)\n  fix: check that path",
        ),
    ],
)
def test_trouble_is_told_in_two_lines(
    error: BaseException, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(raising(error)) == code
    assert capsys.readouterr().err == f"\nerror: {text}\n"


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code(raising(ZeroDivisionError()))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[Path, int], None]]:
    """Mounts a disk of so many bytes on a folder until the test is over."""
    mounted: list[Path] = []

    def mount(folder: Path, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        if sys.platform != "linux" or os.geteuid() != 0:
            pytest.skip("only root on Linux can mount a small disk")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", folder],
            capture_output=True,
            timeout=30,
        )
        if done.returncode != 0:
            pytest.skip(f"no small disk can be mounted here: {done.stderr.decode().strip()}")
        mounted.append(folder)

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True, timeout=30)


def is_told_to_be_full(done: subprocess.CompletedProcess[str], place: str) -> None:
    assert done.returncode == 1
    assert done.stderr.startswith(f"\nerror: the disk is full ({place}")
    assert done.stderr.endswith(")\n  fix: free some space, run it again\n")
    assert len(done.stderr.splitlines()) == 3


@pytest.mark.parametrize("size", [4 * KiB, 40 * KiB, 200 * KiB])
def test_preprocess_on_a_full_disk_leaves_nothing(
    size: int, raw_project: Path, small_disk: Callable[[Path, int], None]
) -> None:
    small_disk(raw_project / "data", size)
    is_told_to_be_full(material.preprocess(raw_project), "data/")
    assert list((raw_project / "data").iterdir()) == []


@pytest.mark.slow
def test_weights_on_a_full_disk_leave_nothing(
    preprocessed: Path, small_disk: Callable[[Path, int], None]
) -> None:
    small_disk(preprocessed / "models", 1000 * KiB)
    done = material.run("train", preprocessed, *material.TRAIN)
    is_told_to_be_full(done, "models/classifier.weights.h5")
    assert list((preprocessed / "models").iterdir()) == []


@pytest.mark.slow
def test_a_history_on_a_full_disk_leaves_nothing(
    preprocessed: Path, small_disk: Callable[[Path, int], None]
) -> None:
    small_disk(preprocessed / "models", 4 * KiB)
    (preprocessed / "models" / "other").write_bytes(b"x" * 4 * KiB)
    done = material.run("train", preprocessed, *material.TRAIN)
    is_told_to_be_full(done, "models/")
    assert [path.name for path in (preprocessed / "models").iterdir()] == ["other"]


@pytest.mark.slow
def test_export_on_a_full_disk_leaves_nothing(
    trained: Path, small_disk: Callable[[Path, int], None]
) -> None:
    small_disk(trained / "full", 100 * KiB)
    arguments = [
        text.replace("models/classifier.f", "full/classifier.f") for text in material.EXPORT
    ]
    is_told_to_be_full(material.run("export", trained, *arguments), "full/classifier.fp32.onnx")
    assert list((trained / "full").iterdir()) == []
    assert not (trained / "models" / "classifier.onnx").exists()


@pytest.mark.parametrize("size", [4 * KiB, 8 * KiB])
def test_evaluate_on_a_full_disk_leaves_nothing(
    size: int, preprocessed: Path, small_disk: Callable[[Path, int], None]
) -> None:
    material.save_model(preprocessed, material.colour_model())
    small_disk(preprocessed / "results", size)
    is_told_to_be_full(material.run("evaluate", preprocessed, *material.EVALUATE), "results/")
    assert material.files(preprocessed / "results") == {}


@pytest.mark.slow
def test_plot_on_a_full_disk_leaves_nothing(
    exported: Path, small_disk: Callable[[Path, int], None]
) -> None:
    assert material.run("evaluate", exported, *material.EVALUATE).returncode == 0
    small_disk(exported / "full", 12 * KiB)
    arguments = ["full/plots" if text == "results/plots" else text for text in material.PLOT]
    is_told_to_be_full(material.run("plot", exported, *arguments), "full/plots")
    assert list((exported / "full").iterdir()) == []


def interrupted(
    stage: str, cwd: Path, arguments: tuple[str, ...], when: Callable[[], bool]
) -> subprocess.CompletedProcess[str]:
    """What a stage says that gets Ctrl-C ``when`` that comes true."""
    with subprocess.Popen(
        material.command(stage, *arguments),
        cwd=cwd,
        env=material.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not when() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def is_told_to_be_interrupted(done: subprocess.CompletedProcess[str]) -> None:
    assert done.stderr == (
        "\nerror: interrupted; nothing half-written was kept\n  fix: run the command again\n"
    )
    assert done.returncode == 130


@pytest.mark.skipif(os.name != "posix", reason="a signal of one process to another is POSIX")
def test_an_interrupt_in_preprocess_leaves_nothing(raw_project: Path) -> None:
    """While it writes images: enough of them to take longer than the signal."""
    material.write_params(
        raw_project / "params.yaml",
        {"preprocess.height": 512, "preprocess.width": 512, "preprocess.augmentation.copies": 20},
    )
    partial = raw_project / "data" / ".partial-preprocess" / "images"
    done = interrupted(
        "preprocess",
        raw_project,
        ("--raw", "raw", "--out", "data/preprocess", "--params", "params.yaml"),
        lambda: partial.exists() and any(partial.iterdir()),
    )
    is_told_to_be_interrupted(done)
    assert list((raw_project / "data").iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="a signal of one process to another is POSIX")
@pytest.mark.slow
@pytest.mark.parametrize("later", [0, 1.5])
def test_an_interrupt_in_train_leaves_nothing(later: float, preprocessed: Path) -> None:
    """As training begins, while TensorFlow builds its graph, and in the midst of it."""
    material.write_params(preprocessed / "params.yaml", {"train.epochs": 500})
    history = preprocessed / "models" / ".partial-history.csv"

    def begun() -> bool:
        if history.exists() and (later == 0 or history.stat().st_size > 0):
            time.sleep(later)
            return True
        return False

    is_told_to_be_interrupted(interrupted("train", preprocessed, tuple(material.TRAIN), begun))
    assert list((preprocessed / "models").iterdir()) == []


SPOILT = """
import atexit, os, runpy, signal, sys
_, act, module, stage, *arguments = sys.argv

def press():
    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGINT)

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == module and act == "press":
            press()
        if name == module and act == "lack":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

if act == "press at the end":
    atexit.register(press)
sys.meta_path.insert(0, Finder)
sys.argv = [stage, *arguments]
runpy.run_module(f"pipeline.{stage}", run_name="__main__", alter_sys=True)
"""
"""A stage in whose midst Ctrl-C is pressed twice, or a package lacks, as it imports a module."""
ARGUMENTS = {
    **material.ARGUMENTS,
    "preprocess": ["--raw", "raw", "--out", "data/again", "--params", "params.yaml"],
}


def spoilt(
    act: str, module: str, stage: str, cwd: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SPOILT, act, module, stage, *ARGUMENTS[stage]],
        cwd=cwd,
        env={**material.environment(), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.skipif(os.name != "posix", reason="a signal to oneself ends a process on Windows")
@pytest.mark.parametrize(
    ("stage", "module"),
    [
        *((stage, module) for stage in ARGUMENTS for module in ("argparse", "numpy")),
        *(("preprocess", "cv2"), ("preprocess", "pipeline.preprocess.stratification")),
        *(("evaluate", "onnxruntime"), ("export", "onnx"), ("plot", "matplotlib.figure")),
    ],
)
def test_an_interrupt_while_a_stage_starts_is_told(
    stage: str, module: str, preprocessed: Path
) -> None:
    before = material.files(preprocessed)
    is_told_to_be_interrupted(spoilt("press", module, stage, preprocessed))
    assert material.files(preprocessed) == before


@pytest.mark.skipif(os.name != "posix", reason="a signal to oneself ends a process on Windows")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "module"),
    [
        *((stage, module) for stage in ("train", "export") for module in ("keras", "tensorflow")),
        *(
            ("train", "pipeline.shared.network"),
            ("export", "tf2onnx"),
            ("export", "tf2onnx.optimizer"),
        ),
    ],
)
def test_an_interrupt_while_tensorflow_loads_is_told(
    stage: str, module: str, trained: Path
) -> None:
    before = material.files(trained)
    is_told_to_be_interrupted(spoilt("press", module, stage, trained))
    assert material.files(trained) == before


@pytest.mark.skipif(os.name != "posix", reason="a signal to oneself ends a process on Windows")
@pytest.mark.parametrize("stage", ["preprocess", "evaluate"])
def test_an_interrupt_after_the_end_does_not_count(stage: str, preprocessed: Path) -> None:
    material.save_model(preprocessed, material.colour_model())
    done = spoilt("press at the end", "", stage, preprocessed)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(os.name != "posix", reason="a signal to oneself ends a process on Windows")
@pytest.mark.slow
@pytest.mark.parametrize("stage", ["train", "export", "plot"])
def test_an_interrupt_after_the_end_of_a_slow_stage_does_not_count(
    stage: str, exported: Path
) -> None:
    assert material.run("evaluate", exported, *material.EVALUATE).returncode == 0
    done = spoilt("press at the end", "", stage, exported)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("stage", "package"),
    [
        *(("preprocess", "cv2"), ("train", "numpy"), ("export", "onnx")),
        *(("evaluate", "onnxruntime"), ("plot", "pydantic")),
    ],
)
def test_an_environment_that_is_not_activated_is_told(
    stage: str, package: str, preprocessed: Path
) -> None:
    done = spoilt("lack", package, stage, preprocessed)
    assert done.returncode == 1
    _, error, fix = done.stderr.splitlines()
    assert error == (
        f"error: the package {package} is not installed in the environment of {sys.executable}"
    )
    assert fix.startswith("  fix: activate the environment: ")
    assert "TensorFlow" not in fix


@pytest.mark.parametrize("stage", ["train", "export"])
def test_a_machine_without_tensorflow_is_told(stage: str, preprocessed: Path) -> None:
    """Keras comes with TensorFlow, and is what a stage imports first."""
    done = spoilt("lack", "keras", stage, preprocessed)
    assert done.returncode == 1
    _, error, fix = done.stderr.splitlines()
    assert error == f"error: TensorFlow is not installed in the environment of {sys.executable}"
    assert "no TensorFlow exists for Macs with an Intel processor and Windows on ARM" in fix
    assert not (preprocessed / "models").exists()


@pytest.mark.parametrize("module", ["pipeline.preprocess.selection", "zlib"])
def test_a_lack_that_no_environment_mends_keeps_its_traceback(
    module: str, preprocessed: Path
) -> None:
    done = spoilt("lack", module, "preprocess", preprocessed)
    assert done.stderr.startswith("Traceback")
    assert f"No module named {module!r}" in done.stderr


def test_a_console_without_a_letter_shows_its_code(preprocessed: Path) -> None:
    raw = preprocessed / "raw"
    for number in range(6):
        (raw / "Images" / f"tt{number:03}.jpg").unlink()
    done = spoilt("run", "", "preprocess", preprocessed, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("missing file: tt000, tt001, tt002, tt003 \\u2026\n")
