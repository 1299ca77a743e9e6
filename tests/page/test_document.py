"""The page as HTML: what is in it, how large it is, and that nothing of a repository runs in it."""

import gzip
import re
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.service import running
from tests.service.problem import problem_in

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'${7*7}{{7*7}}"


def html_of(url: str, http: httpx.Client, address: str = "/") -> str:
    answer = http.get(f"{url}{address}")
    assert answer.status_code == 200, answer.text
    return answer.text


def test_four_parts_stand_in_one_page(solved_url: str, http: httpx.Client) -> None:
    html = html_of(solved_url, http)
    for part in ("lessons", "pipeline", "results", "try"):
        assert f'<section class="part" id="{part}"' in html
        assert f'<a href="#{part}">' in html
    assert "All of it holds" in html
    assert html.count('<g class="node fresh">') == 6
    assert "results/metrics/test.json" in html
    assert html.count('class="chart"') >= 4


def test_each_lesson_has_an_address_that_works_without_script(
    solved_url: str, http: httpx.Client
) -> None:
    html = html_of(solved_url, http, "/?lesson=train")
    assert "Train the classifier" in html
    assert "<strong>Afterwards you can</strong>" in html
    assert 'href="./?lesson=export#lessons"' in html
    assert 'data-copy="dvc repro"' in html
    # a name that there is none of is no error: the lesson in progress is shown
    assert "<h3" in html_of(solved_url, http, "/?lesson=nowhere")


def test_nothing_comes_from_another_host(solved_url: str, http: httpx.Client) -> None:
    for address in ("/", "/?lesson=init"):
        html = html_of(solved_url, http, address)
        fetched = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]+)"', html)
        assert fetched
        assert [each for each in fetched if "//" in each] == []


def test_the_policy_allows_no_inline_script_and_no_style(
    solved_url: str, http: httpx.Client
) -> None:
    answer = http.get(f"{solved_url}/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert " style=" not in answer.text
    assert re.findall(r"<script(?![^>]*src=)", answer.text) == []
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_first_view_is_small_and_not_sent_again(solved_url: str, http: httpx.Client) -> None:
    sizes = {}
    for address in ("/", "/static/page.css", "/static/page.js", "/static/icon.svg"):
        with http.stream("GET", f"{solved_url}{address}") as answer:
            content = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
        assert gzip.decompress(content)
        sizes[address] = len(content)
        again = http.get(
            f"{solved_url}{address}", headers={"If-None-Match": answer.headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b"")
    assert sum(sizes.values()) < 60_000, sizes


def test_what_a_repository_says_is_text(tmp_path: Path, http: httpx.Client) -> None:
    """In names of stages, commands, params, metrics, columns, cells and reasons."""
    repo = tmp_path / "repo"
    repo.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / ".dvc").mkdir()
    (repo / ".dvc" / "config").write_text("")
    quoted = HOSTILE.replace("'", "''").replace("${", "$ {")
    (repo / "params.yaml").write_text(f"'{quoted}': '{quoted}'\n")
    (repo / "dvc.yaml").write_text(
        "stages:\n  b1:\n"
        f"    cmd: '{quoted}'\n    deps: ['{quoted}']\n    params: ['{quoted}']\n"
        "    metrics: [m.json: {cache: false}]\n    plots: [p.csv: {cache: false}]\n"
    )
    text = HOSTILE.replace('"', '\\"')
    (repo / "m.json").write_text(f'{{"{text}": "{text}"}}')
    cell = '"' + HOSTILE.replace('"', '""') + '"'
    (repo / "p.csv").write_text(f"{cell},b\n{cell},2\n")
    with running.in_process(repo, tmp_path / "log") as service:
        html = html_of(service.url, http)
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "49" not in re.findall(r"&#39;\S*", html)  # no template was made of it


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("dvc.yaml", "stages:\n  a:\n    cmd: [x\n", ("dvc.yaml", "line 4")),
        ("dvc.lock", "<<<<<<< HEAD\na: 1\n", ("dvc.lock", "line 1")),
        (".dvc/config", "[core\n", (".dvc/config",)),
    ],
)
def test_a_broken_file_is_named_where_it_belongs(
    tmp_path: Path, http: httpx.Client, file: str, content: str, words: tuple[str, ...]
) -> None:
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / ".dvc" / "config").write_text("")
    (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n")
    (repo / file).write_text(content)
    with running.in_process(repo, tmp_path / "log") as service:
        html = html_of(service.url, http)
    pipeline = html[html.index('id="part-pipeline"') : html.index('id="part-results"')]
    assert 'class="problem"' in pipeline
    assert all(word in pipeline for word in words), pipeline


@pytest.mark.parametrize("has_git", [True, False])
def test_a_folder_that_is_no_workshop_shows_no_lessons(
    tmp_path: Path, http: httpx.Client, has_git: bool
) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    if has_git:
        subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    with running.in_process(repo, tmp_path / "log") as service:
        html = html_of(service.url, http)
    assert 'id="lessons"' not in html
    assert "was not made by <code>grader start</code>" in html
    assert "there is no model to serve" in html


def test_a_name_that_leads_out_of_the_folder_is_none(solved_url: str, http: httpx.Client) -> None:
    for address in ("/static/..%2fparts.py", "/static/../parts.py", "/samples/..%2fraw.dvc"):
        problem_in(http.get(f"{solved_url}{address}"), 404)


def test_a_request_under_another_name_is_refused(solved_url: str, http: httpx.Client) -> None:
    """By DNS rebinding a page of another site makes its own name this machine's address."""
    for path in ("/", "/lessons", "/healthz"):
        answer = http.get(f"{solved_url}{path}", headers={"Host": "evil.example.com:8000"})
        assert "WORKSHOP_HOSTS=evil.example.com" in problem_in(answer, 421)["fix"]
    for host in (
        "localhost:8000",
        "127.0.0.1",
        "[::1]:8000",
        "192.168.1.7",
        "service",
        "a.localhost",
    ):
        assert http.get(f"{solved_url}/healthz", headers={"Host": host}).status_code == 200


def test_a_page_of_another_site_gets_no_prediction_and_no_events(
    solved_url: str, http: httpx.Client
) -> None:
    other = {"Origin": "https://example.org"}
    for method, path in (("POST", "/predict"), ("POST", "/try"), ("GET", "/events")):
        answer = http.request(method, f"{solved_url}{path}", headers=other)
        assert "WORKSHOP_CORS_ORIGINS" in problem_in(answer, 403)["fix"]
    own = {"Origin": solved_url}
    assert http.post(f"{solved_url}/predict", headers=own).status_code == 415


def test_a_changed_section_of_params_is_told_value_by_value(
    solved: Path, tmp_path: Path, http: httpx.Client
) -> None:
    """The stages declare whole sections: both as text differ somewhere in their midst."""
    params = solved / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("test_share: 0.2", "test_share: 0.25"))
    assert params.read_text() != text
    with running.in_process(solved, tmp_path / "log") as service:
        html = html_of(service.url, http)
    assert "<li>params.yaml:preprocess.test_share: 0.2 → 0.25</li>" in html
    assert "are not up to date: preprocess, train," in html
    status = html[html.index('id="status"') : html.index('<nav class="parts"')]
    assert 'data-copy="dvc repro"' in status
    assert "Why: The pipeline has not run on params.yaml" in status
    assert '<a href="./?lesson=data#check-data.committed">All steps</a>' in status
    assert "Then: 1 more to mend." in status


def test_a_stage_that_never_ran_has_no_list_of_what_is_new(
    tmp_path: Path, http: httpx.Client
) -> None:
    repo = tmp_path / "repo"
    (repo / ".dvc").mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "-b", "main", repo], check=True)
    (repo / ".dvc" / "config").write_text("")
    (repo / "a.txt").write_text("a")
    with running.in_process(repo, tmp_path / "log") as service:
        assert "No stages yet: dvc stage add adds one." in html_of(service.url, http)
        (repo / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n    deps: [a.txt]\n")
        deadline = time.monotonic() + 10
        while "1 of 1 is not up to date: a." not in (html := html_of(service.url, http)):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert "never run" in html
    assert 'class="reasons"' not in html


def test_a_block_for_a_file_says_which_and_is_copied(solved_url: str, http: httpx.Client) -> None:
    init = html_of(solved_url, http, "/?lesson=init")
    assert '<span class="path">into .dvcignore</span>' in init
    assert 'data-copy=".DS_Store\nThumbs.db\n__pycache__/"' in init
    train = html_of(solved_url, http, "/?lesson=train")
    assert '<span class="path">change in dvc.yaml</span>' in train
    assert re.search(r"<ins>\+[^<]*</ins>", train)


def test_points_that_the_remote_has_to_tell_are_not_called_done(
    solved_url: str, http: httpx.Client
) -> None:
    html = html_of(solved_url, http, "/?lesson=remote")
    assert "(the remote was not asked)" in html
    assert "not all checked" in html
    assert "of this lesson only the remote can tell" in html


def test_in_the_workshops_own_checkout_lessons_are_read_and_not_judged(
    tmp_path: Path, http: httpx.Client
) -> None:
    """After `make run`: what to type there is the way to a repository of one's own."""
    for name in ("grader/__main__.py", "service/main.py", "workshop/lessons/course.toml"):
        (tmp_path / "repo" / name).parent.mkdir(parents=True)
        (tmp_path / "repo" / name).write_text("")
    with running.in_process(tmp_path / "repo", tmp_path / "log") as service:
        html = html_of(service.url, http)
    assert "grader start ../my-workshop" in html
    assert '<h3 id="lesson-title">Start with git and DVC</h3>' in html
    assert "8 min</span>" in html
    assert 'class="checks"' not in html
    assert "points</p>" not in html
