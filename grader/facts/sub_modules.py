"""What ``.gitmodules`` says of other repositories that git clones into folders of this one."""

import re
from dataclasses import dataclass

# "/home/ada/code", "C:\\code", "file:///home/ada/code": not "../code", which is beside the remote.
_LOCAL = re.compile(r"file://|[/~]|[A-Za-z]:[\\/]")
_SECTION = re.compile(r'\[submodule "(.*)"\]')
_OPTION = re.compile(r'(path|url)\s*=\s*"?(.*?)"?')


@dataclass(frozen=True)
class SubModule:
    """A section of ``.gitmodules``: ``url`` is where git clones it from, empty where none is."""

    name: str
    url: str

    @property
    def is_on_this_machine(self) -> bool:
        """Whether nobody else can clone it."""
        return not self.url or _LOCAL.match(self.url) is not None


def read_sub_modules(content: bytes) -> dict[str, SubModule]:
    """The sub-modules in the bytes of a ``.gitmodules``, by path from the root of git."""
    options: dict[str, dict[str, str]] = {}
    own: dict[str, str] = {}
    for line in content.decode("utf-8", "surrogateescape").splitlines():
        if section := _SECTION.fullmatch(line.strip()):
            own = options.setdefault(section[1], {})
        elif option := _OPTION.fullmatch(line.strip()):
            own[option[1]] = option[2]
    return {
        values["path"]: SubModule(name, values.get("url", ""))
        for name, values in options.items()
        if "path" in values
    }
