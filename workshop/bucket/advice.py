"""What the bucket server tells people: the commands that use it, and what they forgot."""

import socket
import tomllib
from pathlib import Path

from workshop.activation import VARIABLE

RAW_PREFIX = "raw"
_ANYWHERE = ("0.0.0.0", "::", "")  # noqa: S104 - recognised, not bound


def welcome(host: str, port: int, name: str, folder: Path) -> str:
    """The addresses, and the commands that an attendee types."""
    endpoint = f"http://{_reached(host)}:{port}"
    who = None if host in _ANYWHERE else _attendee()
    lines = [
        f"Google Cloud Storage for the workshop, at {endpoint}",
        f"  gs://{name}          kept in {folder / name}",
        f"  gs://{name}-raw/{RAW_PREFIX}  the raw data, read-only",
        "It asks nobody who they are: for this computer, or a classroom's network.",
        "",
        "In each terminal first. bash, zsh:",
        f"  export {VARIABLE}=false",
        "PowerShell:",
        f'  $env:{VARIABLE} = "false"',
        "",
        f"Then, in your repository{'' if who else ', with your own name for YOUR-NAME'}:",
        f"  dvc remote add -d dvc-workshop gs://{name}/{who or 'YOUR-NAME'}",
        f"  dvc remote modify dvc-workshop endpointurl {endpoint}",
        "  dvc remote modify dvc-workshop allow_anonymous_login true",
        "",
        "The raw data, where data/raw is not there yet:",
        f"  dvc import-url gs://{name}-raw/{RAW_PREFIX} data/raw"
        f" --fs-config endpointurl={endpoint} --fs-config allow_anonymous_login=true",
    ]
    return "\n".join(lines) + "\n"


def variable_is_missing(address: str) -> str:
    """For whoever sits at that address: why DVC seems to hang."""
    return (
        f"{address}: DVC waits a minute for nothing there, since a variable is not set. Stop it"
        f" and type, in that terminal:\n  export {VARIABLE}=false            (bash, zsh)\n"
        f'  $env:{VARIABLE} = "false"          (PowerShell)'
    )


def _reached(host: str) -> str:
    """The address under which others reach a server that listens on ``host``."""
    if host not in _ANYWHERE:
        return f"[{host}]" if ":" in host else host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing: only asks which way it would go
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _attendee() -> str | None:
    """Who works in the current folder, if `grader start` wrote that there."""
    try:
        table = tomllib.loads(Path("workshop.toml").read_text("utf-8")).get("workshop")
    except (OSError, ValueError):
        return None
    name = table.get("attendee") if isinstance(table, dict) else None
    return name if isinstance(name, str) and name.replace("-", "").isalnum() else None
