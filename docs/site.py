"""What the site shows besides this folder: README, pages of benchmarks and tutorials, as the repository has them."""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")
FOLDERS = ("benchmarks", "tutorials")

_LINK = re.compile(r"(!?)\[([^\]]+)\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")
_CELL = re.compile(r"^# %%(.*)$", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that lie elsewhere."""
    for source in _sources():
        text = source.read_text(encoding="utf-8")
        content = _rendered(text) if source.suffix == ".py" else text
        files.append(File.generated(config, _place(source.relative_to(ROOT).as_posix()), content=content))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: object) -> str:
    """Turns links between files of the repository into links between pages; what is no page keeps its name only.

    Pictures are found in the same way.
    """
    places = {_place(source.relative_to(ROOT).as_posix()): source for source in _sources()}
    source = places.get(page.file.src_uri, ROOT / "docs" / page.file.src_uri)
    here, folder = posixpath.dirname(page.file.src_uri), posixpath.dirname(source.relative_to(ROOT).as_posix())

    def link(found: re.Match[str]) -> str:
        text, anchor = found[2], found[4] or ""
        target = posixpath.normpath(posixpath.join(folder, found[3]))
        place = _place(target)
        if files.get_file_from_path(place) is None:
            place = posixpath.join(place, "README.md")
        if files.get_file_from_path(place) is None:
            if not (ROOT / target).exists():
                raise FileNotFoundError(f"{source.relative_to(ROOT)} links to {target}, which does not exist.")
            return text
        return f"{found[1]}[{text}]({posixpath.relpath(place, here or '.')}{anchor})"

    return _LINK.sub(link, markdown)


def _sources() -> Iterator[Path]:
    yield from (ROOT / page for page in PAGES)
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.md"))
    yield from sorted((ROOT / "tutorials").glob("[0-9]*.py"))


def _place(path: str) -> str:
    """Where a file of the repository is in the site."""
    if path == "README.md":
        return "index.md"
    if path.startswith("tutorials/") and path.endswith(".py"):
        return path.removesuffix(".py") + ".md"
    return path.removeprefix("docs/")


def _rendered(script: str) -> str:
    """A script of percent cells as a page."""
    _, *cells = _CELL.split(script)
    return "\n\n".join(_cell(kind, body.strip()) for kind, body in zip(cells[::2], cells[1::2], strict=True))


def _cell(kind: str, body: str) -> str:
    if "[markdown]" in kind:
        return "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines())
    return f"```python\n{body}\n```"
