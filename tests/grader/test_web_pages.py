"""An address of a page, an API or a git repository is told from that of a remote."""

import pytest

from grader.remotes import addresses
from grader.remotes.web_pages import web_page

PAGES = {
    "https://console.cloud.google.com/storage/browser/b/ada;tab=objects?x=1": "gs://b/ada",
    "storage.cloud.google.com/b/ada": "gs://b/ada",
    "https://storage.googleapis.com/b/ada": "gs://b/ada",
    "https://b.storage.googleapis.com/ada": "gs://b/ada",
    "https://b.s3.eu-west-1.amazonaws.com/ada": "s3://b/ada",
    "https://s3.amazonaws.com/b/ada": "s3://b/ada",
    "https://s3.console.aws.amazon.com/s3/buckets/b?region=x&prefix=ada/": "s3://b/ada",
    "../arn:aws:s3:::b/ada": "s3://b/ada",
    "https://drive.google.com/drive/u/0/folders/1AbC-d?usp=sharing": "gdrive://1AbC-d",
    "https://ada.blob.core.windows.net/b/posters": "azure://b/posters",
    "ada@example.com:/store": "ssh://ada@example.com/store",
}


@pytest.mark.parametrize(("url", "meant"), PAGES.items())
def test_a_page_of_a_bucket_is_turned_into_its_address(url: str, meant: str) -> None:
    assert addresses.is_malformed(url)
    assert addresses.correct_address(url) == meant


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/ada/posters", "https://gitlab.example.org/ada/posters.git",
        "git@github.com:ada/posters.git", "../git@github.com:ada/posters.git",
        "ssh://git@github.com/ada/posters.git",
    ],
)  # fmt: skip
def test_a_git_repository_is_no_remote(url: str) -> None:
    page = web_page(url)
    assert page and page.meant == ""
    assert addresses.is_malformed(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://remote.dvc.org/get-started", "http://127.0.0.1:8000/store", "gs://b/p",
        "s3://b/store.git", "ssh://ada@example.com/store", "webdavs://example.com/store",
        "/srv/store.git", "../store.git", "~/store", "C:\\store.git", "azure://b/p",
    ],
)  # fmt: skip
def test_a_remote_is_no_page(url: str) -> None:
    assert web_page(url) is None
    assert not addresses.is_malformed(url)
