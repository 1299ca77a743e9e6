"""What the command that starts the server asks for, and the addresses that follow from it."""

import socket
from dataclasses import dataclass
from pathlib import Path

from bucket.raw_data import PREFIX

_ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound


@dataclass(frozen=True)
class ServerOptions:
    """``command`` is what a user types to start the server: the fixes of errors repeat it.

    ``raw_dir`` is offered in place. ``posters_dir`` is copied first, or only mentioned, if not
    ``copies_posters``. Either may be None.
    """

    command: str
    host: str
    port: int
    folder: Path
    bucket: str
    raw_dir: Path | None
    posters_dir: Path | None
    copies_posters: bool

    @property
    def is_for_a_room(self) -> bool:
        """Whether other computers reach the server too."""
        return self.host in _ANY_ADDRESS

    @property
    def endpoint(self) -> str:
        """The address at which clients reach the server."""
        return f"http://{self._reachable_host()}:{self.port}"

    @property
    def raw_url(self) -> str:
        """The address of the raw data."""
        return f"gs://{self.bucket}-raw/{PREFIX}"

    def _reachable_host(self) -> str:
        if not self.is_for_a_room:
            return f"[{self.host}]" if ":" in self.host else self.host
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                # Sends nothing: to connect a datagram socket only chooses the network interface.
                # The address is one that RFC 5737 keeps for documentation.
                probe.connect(("192.0.2.1", 9))
            except OSError:
                return "127.0.0.1"
            return str(probe.getsockname()[0])
