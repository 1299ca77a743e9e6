"""Large and hostile pictures: what they may cost, whom they delay, and when a decoder ends."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from pipeline.shared import pixels
from pipeline.shared.pixels import TooManyPixels
from service.inference import decoder_program
from service.inference.costly_pictures import CostlyPictures
from service.inference.decode_cost import LIGHT_BYTES, LIGHT_PIXELS, estimate_cost
from service.inference.decoder_process import DecoderProcess, LateDecoder, StoppedDecoder
from service.inference.model import Model, load_model
from service.inference.multipart_form import UploadedFile
from service.inference.uploads import ClientDisconnected
from service.problems import Problem
from service.settings import ServiceSettings
from tests.pipeline.icc_profiles import display_profile
from tests.service import hostile_pictures, onnx_models, pictures, running
from tests.service.hostile_pictures import plain_png, turned, turned_png_of_16_bits
from tests.service.problem import problem_in
from tests.service.running import RunningService

MOST_MEGABYTES = 300
"""Over what an idle service holds."""
PATIENT = ServiceSettings(max_answer_seconds=120, max_pool_wait_seconds=60)
"""For tests that decode while others take the processor, and that are not about this."""


# What a picture costs, by its header


def test_small_pictures_of_each_kind_are_light() -> None:
    for kind in ("JPEG", "PNG", "GIF", "WEBP"):
        cost = estimate_cost(pictures.plain(kind=kind))
        assert cost.is_light
        assert 0 < cost.pixels <= 182 * 268
    assert estimate_cost(pictures.plain(progressive=True)).is_light
    assert estimate_cost(b"I am not a picture") == estimate_cost(b"")


COSTLY: dict[str, Callable[[], bytes]] = {
    "PNG of many pixels": lambda: plain_png(1500, 1400),
    "PNG of many bytes": lambda: pictures.plain(kind="PNG") + bytes(LIGHT_BYTES),
    "GIF": lambda: pictures.encoded(Image.new("P", (1500, 1400)), "GIF"),
    "WebP": lambda: pictures.encoded(Image.new("RGB", (1500, 1400)), "WEBP", method=0),
    "lossless WebP": lambda: pictures.encoded(
        Image.new("RGB", (1500, 1400)), "WEBP", lossless=True, method=0
    ),
    "AVIF": lambda: pictures.plain(kind="AVIF"),
    "JPEG of many scans": lambda: hostile_pictures.jpeg_of_scans(0xC2, 30, (100, 100)),
    "JPEG in arithmetic coding": lambda: hostile_pictures.jpeg_of_scans(0xC9, 1, (100, 100)),
    "JPEG with many notes": lambda: hostile_pictures.jpeg_with(before=b"\xff\xfe\0\2" * 70),
}


@pytest.mark.parametrize("kind", COSTLY)
def test_what_may_take_long_is_not_light(kind: str) -> None:
    assert not estimate_cost(COSTLY[kind]()).is_light


def test_a_cut_picture_has_a_cost_too() -> None:
    for whole in (pictures.plain(), *(pictures.plain(kind=kind) for kind in ("PNG", "WEBP"))):
        for size in range(60):
            assert estimate_cost(whole[:size]).pixels <= LIGHT_PIXELS


# The process


@pytest.fixture
def decoder() -> Any:
    decoder = DecoderProcess()
    yield decoder
    decoder.close()


def test_the_process_gives_the_same_pixels_and_errors(decoder: DecoderProcess) -> None:
    for picture in (pictures.plain(kind="PNG"), pictures.plain(kind="AVIF"), pictures.cmyk()):
        expected = pixels.load_image(picture, (24, 16))
        assert np.array_equal(decoder.load_image(picture, (24, 16), 10**6, 9), expected)
    for bad in (b"text", pictures.plain()[:300], plain_png(2000, 2000), plain_png(70_000, 1)):
        with pytest.raises(pixels.ImageError) as here:
            pixels.load_image(bad, (24, 16), max_pixels=10**6)
        with pytest.raises(pixels.ImageError) as there:
            decoder.load_image(bad, (24, 16), 10**6, 9)
        assert type(there.value) is type(here.value)
        assert (str(there.value), there.value.fix) == (str(here.value), here.value.fix)
    assert 0 < decoder.seconds < 9


def test_a_decoder_that_takes_too_long_is_ended_and_replaced(decoder: DecoderProcess) -> None:
    large = plain_png(5000, 4000)
    with pytest.raises(StoppedDecoder, match=r"ended after 0\.03 s"):
        decoder.load_image(large, (24, 16), 20_000_000, 0.03)
    if sys.platform != "win32":  # where only the clock ends a decoder
        with pytest.raises(LateDecoder, match=r"ended after 0\.01 s"):
            decoder.load_image(large, (24, 16), 20_000_000, 30, clock_seconds=0.01)
    assert decoder.load_image(large, (24, 16), 20_000_000, 30).shape == (24, 16, 3)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGSEGV to send")
def test_a_decoder_that_crashes_is_replaced(decoder: DecoderProcess) -> None:
    process, picture = decoder.start(), pictures.plain()
    process.send_signal(signal.SIGSTOP)  # so that it does not answer before it crashes
    os.waitid(os.P_PID, process.pid, os.WSTOPPED)  # else it may end before it is asked
    process.send_signal(signal.SIGSEGV)
    threading.Timer(0.3, process.send_signal, (signal.SIGCONT,)).start()
    with pytest.raises(pixels.BrokenImage, match="its decoder ended"):
        decoder.load_image(picture, (24, 16), 20_000_000, 30)
    assert decoder.load_image(pictures.plain(), (24, 16), 20_000_000, 30).shape == (24, 16, 3)
    assert decoder.start().pid != process.pid


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is Linux's")
def test_a_decoder_gets_no_more_memory_than_its_share(
    decoder: DecoderProcess,
) -> None:
    with pytest.raises(pixels.TooManyPixels, match="takes too much memory"):
        decoder.load_image(plain_png(10_000, 6_000), (24, 16), 200_000_000, 30)
    assert decoder.load_image(pictures.plain(), (24, 16), 20_000_000, 30).shape == (24, 16, 3)


def test_a_bug_in_the_process_is_no_fault_of_the_picture(decoder: DecoderProcess) -> None:
    with pytest.raises(RuntimeError, match="in the decoder's process"):
        decoder.load_image(pictures.plain(), (0, 0), 20_000_000, 30)
    assert decoder_program.MEMORY_BYTES < MOST_MEGABYTES * 1_000_000


# Turns and budgets


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(onnx_models.model())


async def stays() -> dict[str, Any]:
    """What a client that waits sends: nothing."""
    await asyncio.Event().wait()
    return {}


def uploads(*contents: bytes) -> list[UploadedFile]:
    return [UploadedFile(None, content) for content in contents]


async def predict(
    settings: ServiceSettings, model: Model, *requests: Sequence[UploadedFile]
) -> tuple[list[Any], list[int]]:
    """What each request gets, sent at once, and the order in which they are answered."""
    costly, order = CostlyPictures(settings), list[int]()

    async def answer(number: int) -> Any:
        try:
            return await costly.predict(model, requests[number], stays)
        finally:
            order.append(number)

    try:
        tasks = [answer(number) for number in range(len(requests))]
        return await asyncio.gather(*tasks, return_exceptions=True), order
    finally:
        costly.close()


def test_requests_take_turns(model: Model) -> None:
    """One picture waits for one turn of a request of many, not for all of them."""
    settings = replace(PATIENT, threads=1)
    for many, single in (
        (uploads(*[plain_png(1400, 1400)] * 12), uploads(plain_png(1400, 1400))),
        (uploads(*[plain_png(1500, 1500)] * 12), uploads(plain_png(1500, 1500))),
    ):
        outcomes, order = asyncio.run(predict(settings, model, many, single))
        assert order == [1, 0]
        assert [len(outcome) for outcome in outcomes] == [12, 1]


def test_small_pictures_share_a_turn(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    turns = []
    take = CostlyPictures._take_turn

    async def spy(self: CostlyPictures, model: Model, contents: Any, *rest: Any) -> Any:
        turns.append(len(contents))
        return await take(self, model, contents, *rest)

    monkeypatch.setattr(CostlyPictures, "_take_turn", spy)
    small, large = plain_png(500, 500), plain_png(1500, 1500)
    files = uploads(*[small] * 10, large, small, pictures.plain(), large, large)
    outcomes, _ = asyncio.run(predict(PATIENT, model, files))
    assert turns == [8, 2, 1, 2, 1, 1]
    assert len(outcomes[0]) == len(files)


@pytest.mark.parametrize("lying", [
    hostile_pictures.lying_webp, hostile_pictures.lying_gif, hostile_pictures.lying_jpeg,
])  # fmt: skip
def test_a_picture_that_is_larger_than_its_header_says_is_decoded_apart(
    lying: Callable[[], bytes], model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    load = DecoderProcess.load_image

    def spy(self: DecoderProcess, content: bytes, *rest: Any, **options: Any) -> Any:
        decoded.append(len(content))
        return load(self, content, *rest, **options)

    monkeypatch.setattr(DecoderProcess, "load_image", spy)
    small = plain_png(100, 100)
    files = uploads(small, lying(), small)
    (outcomes,), _ = asyncio.run(predict(PATIENT, model, files))
    assert decoded == [len(lying())]
    assert not any(isinstance(outcome, Exception) for outcome in outcomes)


PROMISED: dict[str, Callable[[], bytes]] = {
    "PNG of 16 bits, grey": lambda: turned_png_of_16_bits(1),
    "PNG of 16 bits, RGBA": lambda: turned_png_of_16_bits(4),
    "PNG, RGBA": lambda: turned("PNG", "RGBA", compress_level=1),
    "WebP, lossless, RGBA": lambda: turned("WEBP", "RGBA", lossless=True, method=0),
    "AVIF, 4:2:0": lambda: turned("AVIF", speed=10),
    "AVIF, 4:4:4": lambda: turned("AVIF", speed=10, subsampling="4:4:4"),
    "JPEG, progressive": lambda: turned("JPEG", progressive=True, subsampling=0),
}


@pytest.mark.parametrize("kind", PROMISED)
def test_a_turned_picture_of_20_mpx_is_read_in_the_memory_of_a_decoder(
    decoder: DecoderProcess, kind: str
) -> None:
    assert decoder.load_image(PROMISED[kind](), (24, 16), 20_000_000, 30).shape == (24, 16, 3)
    if sys.platform == "linux":
        peak = running.peak_megabytes(decoder.start().pid)
        # The rest is the service's: the file of 10 MB, twice.
        assert peak < MOST_MEGABYTES - 20, f"{kind} took {peak:.0f} MB"


def test_an_avif_of_20_mpx_that_takes_more_is_told_its_limit(decoder: DecoderProcess) -> None:
    large = turned("AVIF", "RGBA", speed=10, subsampling="4:4:4")
    with pytest.raises(TooManyPixels, match=r"with transparency, over its limit of 16,000,000"):
        decoder.load_image(large, (24, 16), 20_000_000, 30)


def test_all_pictures_of_a_request_have_a_limit_together(model: Model) -> None:
    settings = replace(PATIENT, max_request_pixels=1_000_000)
    files = uploads(*[plain_png(600, 600)] * 3)
    (problem,), _ = asyncio.run(predict(settings, model, files))
    assert isinstance(problem, Problem)
    assert (problem.status, problem.detail) == (
        413,
        "the 3 pictures have 1 Mpx together, over the limit of 1 Mpx a request",
    )
    outcomes, _ = asyncio.run(predict(settings, model, files[:2], uploads(plain_png(1200, 900))))
    assert [len(outcome) for outcome in outcomes] == [2, 1]


def test_a_request_whose_pictures_take_too_long_is_refused(model: Model) -> None:
    settings = replace(PATIENT, max_decode_seconds=0.05)
    files = uploads(*[plain_png(1500, 1500)] * 40)
    (problem,), _ = asyncio.run(predict(settings, model, files))
    assert isinstance(problem, Problem)
    assert problem.detail == "the pictures take longer than 0.05 s to decode"
    assert problem.status == 413


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


def take_turns(
    monkeypatch: pytest.MonkeyPatch, model: Model, count: int, seconds: float
) -> tuple[Any, int]:
    """What a request of ``count`` pictures gets that take so long each, and how many turns."""
    clock, turns = Clock(), 0
    monkeypatch.setattr("service.inference.costly_pictures.time.monotonic", clock.monotonic)

    async def take(self: CostlyPictures, model: Model, contents: Any, *rest: Any) -> Any:
        nonlocal turns
        turns += 1
        clock.now += seconds
        return [np.zeros(3)] * len(contents), 0.1

    monkeypatch.setattr(CostlyPictures, "_take_turn", take)
    files = uploads(*[plain_png(1500, 1500)] * count)
    (outcome,), _ = asyncio.run(predict(ServiceSettings(), model, files))
    return outcome, turns


def test_a_form_ends_in_time_on_a_busy_machine(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each picture takes 0.1 s of the processor and 0.8 s of the clock."""
    problem, turns = take_turns(monkeypatch, model, 10, seconds=0.8)
    assert isinstance(problem, Problem)
    assert (problem.status, turns) == (503, 6)  # a seventh would end after 5.6 s
    assert problem.detail == (
        "too busy: the 10 pictures take longer than 5 s while other requests or programs take the "
        "processor: 4.8 s have gone by before the last of them"
    )
    assert problem.headers["Retry-After"] == "5"
    assert "fewer pictures" in problem.fix


@pytest.mark.parametrize(("count", "seconds"), [(6, 0.8), (10, 0.45), (1, 11.0)])
def test_nothing_is_refused_that_ends_in_time_or_is_alone(
    model: Model, monkeypatch: pytest.MonkeyPatch, count: int, seconds: float
) -> None:
    outcomes, turns = take_turns(monkeypatch, model, count, seconds)
    assert (len(outcomes), turns) == (count, count)


def test_a_decoder_that_the_clock_ends_is_no_fault_of_the_picture(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def late(*_: Any, **options: Any) -> Any:
        raise LateDecoder(f"a decoder was ended after {options['clock_seconds']:.0f} s")

    monkeypatch.setattr(DecoderProcess, "load_image", late)
    for count in (1, 2):
        files = uploads(*[plain_png(1500, 1500)] * count)
        (problem,), _ = asyncio.run(predict(ServiceSettings(), model, files))
        assert isinstance(problem, Problem)
        assert (problem.status, "Retry-After" in problem.headers) == (503, True)


async def hang_up(model: Model) -> tuple[bool, int]:
    """Whether a request ends with its client, and how many of its pictures were decoded."""
    costly, gone, turns = CostlyPictures(PATIENT), asyncio.Event(), 0
    take = costly._take_turn

    async def count(*arguments: Any) -> Any:
        nonlocal turns
        turns += 1
        if turns == 2:
            gone.set()
        return await take(*arguments)

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    costly._take_turn = count  # type: ignore[method-assign, assignment]
    try:
        await costly.predict(model, uploads(*[plain_png(1500, 1500)] * 20), receive)
    except ClientDisconnected:
        return True, turns
    finally:
        costly.close()
    return False, turns


def test_nothing_more_is_decoded_for_a_client_that_has_gone(model: Model) -> None:
    assert asyncio.run(hang_up(model)) == (True, 2)


# A real service


QUICK = [
    "lossless JPEG, 3 components",
    "lossless JPEG, 4 components",
    "PNG, 20,000,000 × 1",
    "PNG, 305 × 65,535",
    "PNG, 9,600 iCCP of 1 MB",
    "PNG, 800,000 empty IDAT",
    "GIF, 4,950,000 comments",
    "JPEG, 44 empty scans",
    "JPEG, 2,400,000 APP2",
    "JPEG, 2,400,000 APP2 behind",
]
"""Of the pictures that ``benchmarks.hostile_pictures`` sends; the others take seconds to make."""


def test_a_hostile_picture_costs_little_and_delays_nobody(
    server: RunningService, http: httpx.Client
) -> None:
    http.post("/predict", files={"file": pictures.plain(kind="PNG")}).raise_for_status()
    idle = server.peak_megabytes()
    for name in QUICK:
        body, delays = hostile_pictures.HOSTILE[name](), []
        with ThreadPoolExecutor(1) as sender:
            answer = sender.submit(send, server, body)
            while not answer.done():
                start = time.monotonic()
                http.post("/predict", files={"file": pictures.plain()}).raise_for_status()
                delays.append(time.monotonic() - start)
        assert answer.result().status_code in (200, 413, 415, 422), name
        assert max(delays, default=0) < 1, name
        if sys.platform == "linux":
            assert server.peak_megabytes(with_children=True) - idle < MOST_MEGABYTES, name
    assert "Traceback" not in server.log_path.read_text()


def send(server: RunningService, body: bytes) -> httpx.Response:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as http:
        return http.post("/predict", content=body, headers={"Content-Type": "image/png"})


def test_a_form_of_64_large_pictures_is_refused_before_it_is_decoded(http: httpx.Client) -> None:
    files = [("file", plain_png(5000, 4000))] * 64
    start = time.monotonic()
    document = problem_in(http.post("/predict", files=files), 413)
    assert time.monotonic() - start < 2
    assert "1280 Mpx together, over the limit of 160 Mpx" in document["detail"]


def test_the_decoder_ends_with_the_service(server: RunningService, http: httpx.Client) -> None:
    """And not before: it is the same for picture after picture."""
    psutil = pytest.importorskip("psutil")
    for _ in range(2):
        http.post("/predict", files={"file": plain_png(1500, 1500)}).raise_for_status()
        (child,) = psutil.Process(server.pid).children()
        assert child.is_running()


def test_the_service_reads_avif_and_colour_profiles(http: httpx.Client) -> None:
    red = pictures.plain(kind="AVIF", quality=95, speed=10)
    answer = http.post("/predict", content=red, headers={"Content-Type": "image/avif"})
    assert answer.json()["predictions"][0]["genres"][0]["genre"] == "Drama"
    plain, profile = (
        http.post("/predict", files={"file": pictures.plain(icc_profile=each)}).json()
        for each in (None, display_profile())
    )
    first, second = (
        each["predictions"][0]["genres"][0]["probability"] for each in (plain, profile)
    )
    assert second > first + 0.005  # P3's red is redder


def test_an_iphone_photo_is_told_how_to_be_sent(http: httpx.Client) -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
    answer = http.post("/predict", content=heic, headers={"Content-Type": "image/heic"})
    document = problem_in(answer, 415)
    assert "HEIC" in document["detail"]
    assert "Most Compatible" in document["fix"]
