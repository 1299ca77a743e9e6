"""What DVC accepts in a config file: as dvc/config_schema.py, whose words are kept."""

import os
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dvcstate.errors import ErrorKind


class MultipleValues(str):
    """The values of ``name = a, b``, as text; DVC takes several for few options."""

    __slots__ = ()

    def __new__(cls, values: list[str]) -> "MultipleValues":
        """From the list that ConfigObj makes of it."""
        return super().__new__(cls, ", ".join(values))


class ConfigProblem(NamedTuple):
    """What is wrong with a section, or with one key of it; ``detail`` does not name the section."""

    message: str
    section: str
    key: str | None = None
    kind: ErrorKind = ErrorKind.OTHER
    detail: str = ""


class _Refusal(NamedTuple):
    """Why a section has no options at all."""

    why: str
    kind: ErrorKind = ErrorKind.OTHER


OptionCheck = Callable[[Any], str | None]
"""Says what is wrong with a value, or None; it is no text where YAML made something else of it."""


def problem(sections: Mapping[str, Mapping[str, Any]]) -> ConfigProblem | None:
    """What DVC would refuse in the merged config, None when it is content."""
    for name, values in sections.items():
        kind, _, rest = name.partition('"')
        options = _options(kind.strip(), values, bool(rest))
        if isinstance(options, _Refusal):
            why = options.why
            return ConfigProblem(f"{name}: {why}", name, kind=options.kind, detail=why)
        if options is None:
            continue
        for key, value in values.items():
            if key not in options and kind.strip() == "feature":
                continue  # DVC says that it does not know it, and goes on
            if key not in options:
                detail = f"extra keys not allowed: {key}"
                return ConfigProblem(f"{name}: {detail}", name, key, detail=detail)
            wrong = options[key](value)
            if wrong:
                detail = f"{key}: {wrong}, got {_shown(value)}"
                return ConfigProblem(f"{name}.{detail}", name, key, detail=detail)
    hydra = sections.get("hydra", {})
    if "config_dir" in hydra and "config_module" in hydra:
        message = "hydra: config_dir and config_module exclude each other"
        return ConfigProblem(message, "hydra", "config_module")
    return None


def _options(
    kind: str, values: Mapping[str, Any], named: bool
) -> dict[str, OptionCheck] | _Refusal | None:
    """The options of a section, or why there are none; None when anything goes."""
    if named and kind == "remote":
        return _remote_options(values)
    if named and kind in _NAMED:
        return _NAMED[kind]
    if named or kind not in _SECTIONS:
        return _Refusal("extra keys not allowed")
    return _SECTIONS[kind]


def _remote_options(values: Mapping[str, Any]) -> dict[str, OptionCheck] | _Refusal | None:
    if "url" not in values:
        return _Refusal("expected 'url'")
    from urllib.parse import urlparse  # 5 ms that few configs need

    try:
        parsed = urlparse(values["url"])
    except ValueError as error:  # "s3://[x": no IPv6 address
        return _Refusal(f"url: {error}")
    local = not parsed.netloc or (os.name == "nt" and len(parsed.scheme) == 1)
    scheme = "" if local else parsed.scheme
    if scheme == "remote":
        return None
    if scheme not in _REMOTES:
        return _Refusal(f"Unsupported URL type {scheme}://", ErrorKind.UNSUPPORTED_URL)
    return _REMOTES[scheme] | _REMOTE_COMMON


def _text(value: Any) -> str | None:
    is_one = isinstance(value, str) and not isinstance(value, MultipleValues)
    return None if is_one else "expected one value"


def _anything(_value: Any) -> str | None:
    return None


def _bool(value: Any) -> str | None:
    is_one = not isinstance(value, MultipleValues) and _lower(value) in ("true", "false")
    return None if is_one else "expected true or false"


def _number(
    minimum: float | None = None, kind: type = int, maximum: float | None = None
) -> OptionCheck:
    def check(value: Any) -> str | None:
        if isinstance(value, MultipleValues):
            return "expected one value"
        try:
            number = kind(value)
        except (ValueError, TypeError, OverflowError):
            return f"expected {kind.__name__}"
        if maximum is not None and number > maximum:
            return f"must be at most {maximum:g}"
        if minimum is not None and not number >= minimum:  # nan is neither
            return f"must be at least {minimum:g}"
        return None

    return check


def _choice(*choices: str) -> OptionCheck:
    def check(value: Any) -> str | None:
        is_one = not isinstance(value, MultipleValues) and _lower(value) in choices
        return None if is_one else f"expected one of {', '.join(choices)}"

    return check


def _shown(value: Any) -> str:
    try:
        return repr(value)
    except ValueError:  # a number of more than 4,300 digits
        return "a very long number"


def _lower(value: Any) -> str:
    try:
        return str(value).lower()
    except ValueError:  # a number of more than 4,300 digits
        return ""


def _links(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")]
    try:
        wrong = set(value) - {"reflink", "hardlink", "symlink", "copy"}
    except TypeError:
        return "expected the names of link types"
    return f"Unsupported cache type(s): {', '.join(sorted(map(str, wrong)))}" if wrong else None


def _each(check: OptionCheck, names: str) -> dict[str, OptionCheck]:
    return dict.fromkeys(names.split(), check)


def _texts(names: str) -> dict[str, OptionCheck]:
    return _each(_text, names)


def _bools(names: str) -> dict[str, OptionCheck]:
    return _each(_bool, names)


_whole = _number()
_seconds = _number(0, float)
_LOCAL = {"type": _links, "shared": _choice("group")} | _bools("protected slow_link_warning verify")
_REMOTE_COMMON = (
    _texts("url")
    | _each(_number(1), "checksum_jobs jobs")
    | _bools("worktree no_traverse version_aware")
)
_HTTP = (
    {"auth": _choice("basic", "digest", "custom")}
    | _texts("custom_auth_header user password ssl_verify method")
    | _bools("ask_password verify")
    | _each(_seconds, "connect_timeout read_timeout")
)
_WEBDAV = (
    _texts("user password token bearer_token_command custom_auth_header cert_path key_path")
    | _texts("ssl_verify")
    | _bools("ask_password verify")
    | {"timeout": _whole}
)
_REMOTES: dict[str, dict[str, OptionCheck]] = {
    "": _LOCAL,
    "s3": _texts(
        "region profile credentialpath configpath endpointurl access_key_id secret_access_key "
        "session_token ssl_verify sse sse_kms_key_id sse_customer_algorithm sse_customer_key acl "
        "grant_read grant_read_acp grant_write_acp grant_full_control"
    )
    | _bools("listobjects use_ssl allow_anonymous_login verify")
    | _each(_whole, "read_timeout connect_timeout"),
    "gs": _texts("projectname credentialpath endpointurl") | _bools("verify allow_anonymous_login"),
    "ssh": {"type": _links}
    | _texts("user password passphrase keyfile")
    | _each(_whole, "port timeout max_sessions")
    | _bools("ask_password ask_passphrase gss_auth allow_agent verify"),
    "hdfs": _texts("user kerb_ticket"),
    "webhdfs": _texts("kerberos_principal proxy_to ssl_verify token user password")
    | _texts("data_proxy_target")
    | _bools("kerberos use_https verify"),
    "azure": _texts(
        "connection_string sas_token account_name account_key tenant_id client_id client_secret"
    )
    | _bools(
        "allow_anonymous_login exclude_environment_credential "
        "exclude_visual_studio_code_credential exclude_shared_token_cache_credential "
        "exclude_managed_identity_credential verify"
    )
    | _each(_whole, "timeout read_timeout connection_timeout"),
    "oss": _texts("oss_key_id oss_key_secret oss_endpoint") | _bools("verify"),
    "gdrive": _texts(
        "profile gdrive_client_id gdrive_client_secret gdrive_user_credentials_file "
        "gdrive_service_account_user_email gdrive_service_account_json_file_path"
    )
    | _bools("gdrive_use_service_account gdrive_trash_only gdrive_acknowledge_abuse verify"),
    "http": _HTTP,
    "https": _HTTP,
    "webdav": _WEBDAV,
    "webdavs": _WEBDAV,
}
_SECTIONS: dict[str, dict[str, OptionCheck] | None] = {
    "core": {"checksum_jobs": _number(1), "remote": _anything, "machine": _anything}
    | _texts("site_cache_dir")
    | _bools("interactive analytics hardlink_lock no_scm autostage experiments check_update"),
    "cache": _LOCAL | _texts("local s3 gs hdfs webhdfs ssh azure dir"),
    "state": {"row_limit": _number(1), "row_cleanup_quota": _number(0, maximum=100)}
    | _texts("dir"),
    "index": _texts("dir"),
    "feature": {"machine": _bool},
    "plots": _bools("auto_open") | _texts("html_template out_dir"),
    "exp": _bools("auto_push") | _texts("code data models metrics params plots live git_remote"),
    "parsing": {
        "bool": _choice("store_true", "boolean_optional"),
        "list": _choice("nargs", "append"),
    },
    "hydra": _bools("enabled") | _texts("config_dir config_module config_name plugins_path"),
    "studio": _bools("offline") | _texts("token url repo_url"),
    "remote": {},
    "machine": {},
    "db": {},
}
_NAMED: dict[str, dict[str, OptionCheck]] = {
    "machine": {
        "cloud": _choice("aws", "azure"),
        "region": _choice("us-west", "us-east", "eu-west", "eu-north"),
        "spot": _bool,
        "spot_price": _number(kind=float),
        "instance_hdd_size": _whole,
    }
    | _texts("image ssh_private startup_script setup_script")
    | _each(_anything, "instance_type instance_gpu"),
    "db": _texts("url username password"),
}
# `core = 1` at the top of a file empties what the levels below said of the section.
REPLACEABLE = frozenset(_SECTIONS) - {"cache", "remote", "machine"}
