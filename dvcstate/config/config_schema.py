"""What DVC accepts in a config file: as dvc/config_schema.py, whose words are kept."""

import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from dvcstate.errors import ErrorKind


class Several(str):
    """The values of ``name = a, b``, as text; DVC takes several in few places."""

    __slots__ = ()

    def __new__(cls, values: list[str]) -> "Several":
        """From the list that ConfigObj makes of it."""
        return super().__new__(cls, ", ".join(values))


class Problem(NamedTuple):
    """What is wrong with a section, or with one key of it."""

    message: str
    section: str
    key: str | None = None
    kind: ErrorKind = ErrorKind.OTHER


class _Refusal(NamedTuple):
    """Why a section has no options at all."""

    why: str
    kind: ErrorKind = ErrorKind.OTHER


Check = Callable[[str], str | None]
"""Says what is wrong with a value, or None."""


def problem(sections: Mapping[str, Mapping[str, str]]) -> Problem | None:
    """What DVC would refuse in the merged config, None when it is content."""
    for name, values in sections.items():
        kind, _, rest = name.partition('"')
        known = _known(kind.strip(), values, bool(rest))
        if isinstance(known, _Refusal):
            return Problem(f"{name}: {known.why}", name, kind=known.kind)
        if known is None:
            continue
        for key, value in values.items():
            if key not in known:
                return Problem(f"{name}: extra keys not allowed: {key}", name, key)
            wrong = known[key](value)
            if wrong:
                return Problem(f"{name}.{key}: {wrong}, got {value!r}", name, key)
    hydra = sections.get("hydra", {})
    if "config_dir" in hydra and "config_module" in hydra:
        message = "hydra: config_dir and config_module exclude each other"
        return Problem(message, "hydra", "config_module")
    return None


def _known(kind: str, values: Mapping[str, str], named: bool) -> dict[str, Check] | _Refusal | None:
    """The options of a section, or why there are none; None when anything goes."""
    if named and kind == "remote":
        return _remote(values)
    if named and kind in _NAMED:
        return _NAMED[kind]
    if named or kind not in _SECTIONS:
        return _Refusal("extra keys not allowed")
    return _SECTIONS[kind]


def _remote(values: Mapping[str, str]) -> dict[str, Check] | _Refusal | None:
    if "url" not in values:
        return _Refusal("expected 'url'")
    from urllib.parse import urlparse  # 5 ms that few configs need

    parsed = urlparse(values["url"])
    local = not parsed.netloc or (os.name == "nt" and len(parsed.scheme) == 1)
    scheme = "" if local else parsed.scheme
    if scheme == "remote":
        return None
    if scheme not in _REMOTES:
        return _Refusal(f"Unsupported URL type {scheme}://", ErrorKind.UNSUPPORTED_URL)
    return _REMOTES[scheme] | _REMOTE_COMMON


def _any(value: str) -> str | None:
    return "expected one value" if isinstance(value, Several) else None


def _some(_value: str) -> str | None:
    return None


def _bool(value: str) -> str | None:
    return (
        None
        if not isinstance(value, Several) and value.lower() in ("true", "false")
        else "expected true or false"
    )


def _number(minimum: float, kind: type = int) -> Check:
    def check(value: str) -> str | None:
        try:
            return None if kind(value) >= minimum else f"must be at least {minimum:g}"
        except ValueError:
            return f"expected {kind.__name__}"

    return check


def _choice(*choices: str) -> Check:
    def check(value: str) -> str | None:
        return (
            None
            if not isinstance(value, Several) and value.lower() in choices
            else f"expected one of {', '.join(choices)}"
        )

    return check


def _links(value: str) -> str | None:
    wrong = {part.strip() for part in value.split(",")} - {"reflink", "hardlink", "symlink", "copy"}
    return f"Unsupported cache type(s): {', '.join(sorted(wrong))}" if wrong else None


def _each(check: Check, names: str) -> dict[str, Check]:
    return dict.fromkeys(names.split(), check)


_whole = _number(float("-inf"))
_seconds = _number(0, float)
_LOCAL: dict[str, Check] = {"type": _links, "shared": _choice("group")} | _each(
    _bool, "protected slow_link_warning verify"
)
_REMOTE_COMMON: dict[str, Check] = (
    {"url": _any}
    | _each(_number(1), "checksum_jobs jobs")
    | _each(_bool, "worktree no_traverse version_aware")
)
_HTTP: dict[str, Check] = (
    {"auth": _choice("basic", "digest", "custom")}
    | _each(_any, "custom_auth_header user password ssl_verify method")
    | _each(_bool, "ask_password verify")
    | _each(_seconds, "connect_timeout read_timeout")
)
_WEBDAV: dict[str, Check] = (
    _each(_any, "user password token bearer_token_command custom_auth_header cert_path key_path")
    | _each(_any, "ssl_verify")
    | _each(_bool, "ask_password verify")
    | {"timeout": _whole}
)
_REMOTES: dict[str, dict[str, Check]] = {
    "": _LOCAL,
    "s3": _each(
        _any,
        "region profile credentialpath configpath endpointurl access_key_id secret_access_key "
        "session_token ssl_verify sse sse_kms_key_id sse_customer_algorithm sse_customer_key acl "
        "grant_read grant_read_acp grant_write_acp grant_full_control",
    )
    | _each(_bool, "listobjects use_ssl allow_anonymous_login verify")
    | _each(_whole, "read_timeout connect_timeout"),
    "gs": _each(_any, "projectname credentialpath endpointurl")
    | _each(_bool, "verify allow_anonymous_login"),
    "ssh": {"type": _links}
    | _each(_any, "user password passphrase keyfile")
    | _each(_whole, "port timeout max_sessions")
    | _each(_bool, "ask_password ask_passphrase gss_auth allow_agent verify"),
    "hdfs": _each(_any, "user kerb_ticket"),
    "webhdfs": _each(_any, "kerberos_principal proxy_to ssl_verify token user password")
    | _each(_any, "data_proxy_target")
    | _each(_bool, "kerberos use_https verify"),
    "azure": _each(
        _any,
        "connection_string sas_token account_name account_key tenant_id client_id client_secret",
    )
    | _each(
        _bool,
        "allow_anonymous_login exclude_environment_credential "
        "exclude_visual_studio_code_credential exclude_shared_token_cache_credential "
        "exclude_managed_identity_credential verify",
    )
    | _each(_whole, "timeout read_timeout connection_timeout"),
    "oss": _each(_any, "oss_key_id oss_key_secret oss_endpoint") | _each(_bool, "verify"),
    "gdrive": _each(
        _any,
        "profile gdrive_client_id gdrive_client_secret gdrive_user_credentials_file "
        "gdrive_service_account_user_email gdrive_service_account_json_file_path",
    )
    | _each(
        _bool,
        "gdrive_use_service_account gdrive_trash_only gdrive_acknowledge_abuse verify",
    ),
    "http": _HTTP,
    "https": _HTTP,
    "webdav": _WEBDAV,
    "webdavs": _WEBDAV,
}
_SECTIONS: dict[str, dict[str, Check] | None] = {
    "core": {"checksum_jobs": _number(1), "remote": _some, "machine": _some, "site_cache_dir": _any}
    | _each(
        _bool,
        "interactive analytics hardlink_lock no_scm autostage experiments check_update",
    ),
    "cache": _LOCAL | _each(_any, "local s3 gs hdfs webhdfs ssh azure dir"),
    "state": {"row_limit": _number(1), "row_cleanup_quota": _number(0), "dir": _any},
    "index": {"dir": _any},
    "feature": None,
    "plots": {"auto_open": _bool} | _each(_any, "html_template out_dir"),
    "exp": {"auto_push": _bool}
    | _each(_any, "code data models metrics params plots live git_remote"),
    "parsing": {
        "bool": _choice("store_true", "boolean_optional"),
        "list": _choice("nargs", "append"),
    },
    "hydra": {"enabled": _bool} | _each(_any, "config_dir config_module config_name plugins_path"),
    "studio": {"offline": _bool} | _each(_any, "token url repo_url"),
    "remote": {},
    "machine": {},
    "db": {},
}
_NAMED: dict[str, dict[str, Check]] = {
    "machine": {
        "cloud": _choice("aws", "azure"),
        "region": _choice("us-west", "us-east", "eu-west", "eu-north"),
        "spot": _bool,
        "spot_price": _seconds,
        "instance_hdd_size": _whole,
    }
    | _each(_any, "image instance_type instance_gpu ssh_private startup_script setup_script"),
    "db": _each(_any, "url username password"),
}
REPLACEABLE = frozenset(_SECTIONS) - {"cache", "remote", "machine"}
"""``core = 1`` at the top of a file empties what the levels below said of the section."""
