"""The remote is missing, leads nowhere, is not the attendee's own, or tells a secret."""

import json
import shutil
from pathlib import Path

from tests.grader import finished
from tests.grader.gallery.changes import append, edit, remote_config, save, write_config
from tests.grader.gallery.entries import mistake
from tests.repositories import run


@mistake("no-default-remote")
def remote_is_there_and_not_the_default(repo: Path) -> None:
    write_config(repo, f"['remote \"storage\"']\n    url = {repo.parent / 'remote'}\n")


@mistake("no-default-remote")
def there_is_no_remote(repo: Path) -> None:
    write_config(repo, "[core]\n    analytics = false\n")


@mistake("no-default-remote")
def default_remote_is_set_and_not_committed(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    write_config(repo, "[core]\n    analytics = false\n")
    finished.write(repo / ".dvc" / "config", text)


@mistake("remote-only-local")
def remote_is_added_with_local(repo: Path) -> None:
    text = (repo / ".dvc" / "config").read_text("utf-8")
    finished.write(repo / ".dvc" / "config.local", text)
    write_config(repo, "[core]\n    analytics = false\n")


@mistake("remote-only-local")
def default_alone_is_set_with_local(repo: Path) -> None:
    finished.write(repo / ".dvc" / "config.local", "[core]\n    remote = workshop\n")
    write_config(repo, f"['remote \"workshop\"']\n    url = {repo.parent / 'remote'}\n")


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
    write_config(repo, "[core]\n    remote = workshop\n")


@mistake("remote-url-malformed")
def url_lacks_a_slash(repo: Path) -> None:
    write_config(repo, remote_config("../gs:/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def folder_is_asked_for_versions(repo: Path) -> None:
    append(repo, ".dvc/config", "    version_aware = true\n")
    save(repo)


@mistake("remote-url-malformed")
def folder_is_said_to_be_a_worktree_of_versions(repo: Path) -> None:
    append(repo, ".dvc/config", "    worktree = true\n")
    save(repo)


@mistake("remote-url-malformed")
def url_lacks_the_colon(repo: Path) -> None:
    write_config(repo, remote_config("gs//workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_lacks_the_colon_and_dvc_joined_its_slashes(repo: Path) -> None:
    write_config(repo, remote_config("../gs/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_of_a_folder_is_that_of_a_file(repo: Path) -> None:
    write_config(repo, remote_config((repo.parent / "remote").as_uri()))


@mistake("remote-url-malformed")
def url_builds_on_a_remote_that_is_not_there(repo: Path) -> None:
    write_config(repo, remote_config("remote://base/ada"))


@mistake("remote-url-malformed")
def url_is_of_no_kind_that_dvc_knows(repo: Path) -> None:
    write_config(repo, remote_config("ftp://example.com/ada"))


@mistake("remote-url-malformed")
def remote_is_a_folder_inside_the_repository_by_its_whole_path(repo: Path) -> None:
    append(repo, ".gitignore", "/storage\n")
    shutil.move(repo.parent / "remote", repo / "storage")
    write_config(repo, remote_config(str(repo / "storage")))


@mistake("remote-url-malformed")
def url_has_a_semicolon(repo: Path) -> None:
    write_config(repo, remote_config("../gs;/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_is_that_of_the_browser(repo: Path) -> None:
    write_config(repo, remote_config("../storage.googleapis.com/workshop-bucket/ada"))


@mistake("remote-url-malformed")
def url_has_the_placeholders_of_the_text(repo: Path) -> None:
    write_config(repo, remote_config("gs://BUCKET/YOUR-NAME"))


@mistake("remote-url-malformed")
def url_has_the_bucket_and_nobodys_name(repo: Path) -> None:
    write_config(repo, remote_config("gs://dvc-workshop/<your-name>"))


@mistake("remote-url-malformed")
def name_and_address_are_swapped(repo: Path) -> None:
    text = "[core]\n    remote = gs://dvc-workshop/ada\n"
    write_config(repo, text + "['remote \"gs://dvc-workshop/ada\"']\n    url = ../dvc-workshop\n")


@mistake("remote-url-malformed")
def name_and_folder_are_swapped_in_another_remote(repo: Path) -> None:
    append(repo, ".dvc/config", "['remote \"/mnt/backup\"']\n    url = ../backup\n")
    save(repo)


@mistake("no-default-remote")
def name_and_address_are_swapped_and_not_committed(repo: Path) -> None:
    write_config(repo, "")
    text = "[core]\n    remote = gs://dvc-workshop/ada\n"
    text += "['remote \"gs://dvc-workshop/ada\"']\n    url = ../dvc-workshop\n"
    finished.write(repo / ".dvc" / "config", text)


@mistake("remote-relative-path")
def remote_is_a_folder_beside_the_repository(repo: Path) -> None:
    write_config(repo, remote_config("../../remote"))


@mistake("remote-relative-path")
def remote_is_a_folder_inside_the_repository(repo: Path) -> None:
    finished.write(repo / ".dvc" / ".gitignore", "/config.local\n/tmp\n/cache\n/storage\n")
    shutil.copytree(repo.parent / "remote", repo / ".dvc" / "storage")
    write_config(repo, remote_config("storage"))


@mistake("remote-not-yours")
def remote_is_the_place_of_the_raw_data(repo: Path) -> None:
    remote = repo.parent / "remote"
    finished.write(repo / "workshop.toml", f"[workshop]\nraw = '{remote.as_posix()}'\n")
    save(repo)


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_the_root_of_the_bucket(repo: Path) -> None:
    write_config(
        repo, remote_config("gs://workshop-bucket") + "    endpointurl = http://127.0.0.1:9\n"
    )


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_the_bucket_of_the_raw_data(repo: Path) -> None:
    finished.write(repo / "workshop.toml", "[workshop]\nraw = 'gs://dvc-workshop-raw'\n")
    url = "gs://dvc-workshop-raw/ada"
    write_config(repo, remote_config(url) + "    endpointurl = http://127.0.0.1:9\n")


@mistake("remote-not-yours", "remote-unreachable")
def remote_is_that_of_another_attendee(repo: Path) -> None:
    finished.write(repo / "workshop.toml", "[workshop]\nremote = 'gs://workshop-bucket/ada'\n")
    url = "gs://workshop-bucket/grace"
    write_config(repo, remote_config(url) + "    endpointurl = http://127.0.0.1:9\n")


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
    write_config(repo, text)


@mistake("remote-plugin-missing")
def plugin_of_s3_is_not_installed(repo: Path) -> None:
    write_config(repo, remote_config("s3://workshop-bucket/ada"))


@mistake("remote-plugin-missing")
def plugin_of_azure_is_not_installed(repo: Path) -> None:
    write_config(repo, remote_config("azure://workshop/ada"))


@mistake("remote-url-malformed")
def url_is_of_the_page_of_a_bucket(repo: Path) -> None:
    url = "https://console.cloud.google.com/storage/browser/workshop-bucket/ada"
    write_config(repo, remote_config(url))


@mistake("remote-url-malformed")
def url_is_that_of_the_git_repository(repo: Path) -> None:
    write_config(repo, remote_config("https://github.com/ada/posters.git"))


@mistake("remote-url-malformed")
def url_has_no_bucket(repo: Path) -> None:
    write_config(repo, remote_config("gs://"))
