"""One overload set, as the catalogue has it."""

from dataclasses import dataclass, field


@dataclass
class Signature:
    text: str
    since: str


@dataclass
class Entry:
    qualified: str
    kind: str
    header: str
    since: str
    tied: str = ""
    signatures: list = field(default_factory=list)
    aliases: list = field(default_factory=list)
    bases: list = field(default_factory=list)
    deprecated: str | None = None
    removed: str | None = None
    url: str | None = None
    inherited_from: str | None = None
    lib: str = ""

    @property
    def place(self):
        """What it stands in: a class or a namespace."""
        return self.qualified.rpartition("::")[0]

    @property
    def name(self):
        return self.qualified.rpartition("::")[2]

    def key(self):
        return self.qualified, self.lib, self.kind
