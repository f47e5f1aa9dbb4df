"""The code in the documents: what each block has to be.

A comment before a block says what it is: `file: PATH` (that file, whole), `cell: NOTEBOOK N` (its N-th cell of code), `run` (run by a test).
`python documents.py` writes the first two anew.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PROJECT = HERE.parent.parent
IS_IN_THE_PROJECT = (PROJECT / "Cargo.toml").is_file()
"""Or this is the package alone."""
PAGES = [HERE / "README.md", *sorted((HERE / "docs/recipes").glob("*.md"))]
BLOCK = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<code>.*?)```\n", re.DOTALL)


@dataclass
class Block:
    page: Path
    mark: str | None
    language: str
    code: str

    def expected(self) -> str | None:
        """What it has to be, where it is what stands elsewhere."""
        kind, _, what = (self.mark or "").partition(": ")
        if kind == "file":
            return (HERE / what).read_text()
        if kind == "cell":
            file, number = what.split()
            cells = json.loads((HERE / file).read_text())["cells"]
            code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
            return code[int(number)] + "\n"
        return None


def blocks() -> Iterator[Block]:
    for page in PAGES:
        for found in BLOCK.finditer(page.read_text()):
            yield Block(page, found["mark"], found["language"], found["code"])


def write() -> None:
    for page in PAGES:

        def filled(found: "re.Match[str]", page: Path = page) -> str:
            block = Block(page, found["mark"], found["language"], found["code"])
            code = block.expected()
            return found[0] if code is None else f"<!-- {block.mark} -->\n```{block.language}\n{code}```\n"

        page.write_text(BLOCK.sub(filled, page.read_text()))


if __name__ == "__main__":
    write()
