"""The page says everything, for every kind of data, in one file that needs nothing else."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import easynas
from easynas.report.facts import Facts, gather
from easynas.report.page import TEMPLATES, check_path, render, write
from easynas.search.study import Study
from tests.report.made import TRICKY, fitted

KINDS = ("images", "texts", "labels", "tables", "numbers")
VOID = {"meta", "link", "img", "br", "input", "rect"}


class Reader(HTMLParser):
    """Remembers what a page refers to, its headings, its text, and whether its elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Facts, str]]:
    """Facts and page of each kind; without files for devices, which take seconds."""
    made = {}
    for kind in KINDS:
        facts = gather(fitted(kind, tmp_path_factory.mktemp(kind)), None, form_seconds=0)
        made[kind] = facts, render(facts)
    return made


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_refers_to_nothing_outside(pages: dict[str, tuple[Facts, str]], kind: str) -> None:
    _, page = pages[kind]
    reader = read(page)
    anchors = {f"#{attributes['id']}" for _, attributes in reader.tags if "id" in attributes}
    for tag, attributes in reader.tags:
        assert tag not in ("script", "iframe", "object")
        for name in ("src", "href"):
            address = attributes.get(name)
            assert address is None or address.startswith("data:") or address in anchors
        assert tag != "img" or attributes.get("alt") is not None
        assert tag != "svg" or attributes.get("aria-label") or attributes.get("aria-hidden")
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_user_named_is_text_and_never_markup(pages: dict[str, tuple[Facts, str]], kind: str) -> None:
    _, page = pages[kind]
    assert TRICKY not in page
    assert TRICKY in read(page).text  # the reason of the trial that failed


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_comes_first(pages: dict[str, tuple[Facts, str]], kind: str) -> None:
    facts, page = pages[kind]
    text = read(page).text
    places = [text.index(words) for words in ("How good is it?", "Is the data in order?", "Where does it err?")]
    assert places == sorted(places)
    assert f"{facts.verdict.samples} held-out" in text
    assert "The same answer for everything" in text
    assert "A linear model" in text


def test_images_show_their_mistakes_and_where_the_model_looks(pages: dict[str, tuple[Facts, str]]) -> None:
    facts, page = pages["images"]
    pictures = [attributes for tag, attributes in read(page).tags if tag == "img"]
    shown = len(facts.mistakes) + len(facts.well)
    assert shown > 0
    assert len(pictures) == 3 * shown  # as it is, and again under the overlay


def test_words_are_marked_by_what_they_speak_for(pages: dict[str, tuple[Facts, str]]) -> None:
    facts, page = pages["texts"]
    assert any(word.weight != 0 for look in facts.well for word in look.words)
    assert re.search(r'<span class="[wc]5">\w+</span>', page)


def test_columns_are_ordered_by_what_the_model_relies_on(pages: dict[str, tuple[Facts, str]]) -> None:
    facts, page = pages["numbers"]
    assert facts.columns[0].name == "age"
    assert facts.columns[0].loss > 0.5 > abs(facts.columns[1].loss)
    assert "Predicted against true" in page


@pytest.mark.slow
def test_a_fit_of_nothing_but_a_baseline_has_a_report(tmp_path: Path) -> None:
    made = fitted("tables", tmp_path / "made")
    with Study.open(tmp_path / "short", made.study.header) as study:
        study.append(made.study.trials[0])
        study.ship(study.trials[0])
    page = render(gather(replace(made, study=study), None, form_seconds=0))
    assert "Too few finished trials" in read(page).text
    assert "Would more time help?" not in page


def test_forms_that_there_was_no_time_for_are_named(pages: dict[str, tuple[Facts, str]]) -> None:
    _, page = pages["tables"]
    assert page.count("Not measured") == 3


def test_the_lines_that_repeat_a_fit_are_python(pages: dict[str, tuple[Facts, str]]) -> None:
    _, page = pages["images"]
    snippet = read(page).text.split("How to repeat it")[2].split("import easynas")[1].split("model.fit(x, y)")[0]
    compile("import easynas" + snippet, "snippet", "exec")
    assert "random_state=7" in snippet
    assert 'time_budget="60s"' in snippet


def test_a_page_appears_whole_in_a_folder_that_is_made(tmp_path: Path, pages: dict[str, tuple[Facts, str]]) -> None:
    facts, page = pages["images"]
    write(facts, tmp_path / "new" / "report.html")
    assert (tmp_path / "new" / "report.html").read_text(encoding="utf-8") == page


@pytest.mark.parametrize("name", ["report.pdf", "report", ""])
def test_another_file_than_html_is_refused_before_any_work(name: str) -> None:
    with pytest.raises(easynas.InputError, match=r"must be a file that ends in \.html"):
        check_path(name)


def palettes() -> list[dict[str, str]]:
    """The colours of both themes."""
    css = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    light, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_can_be_read_in_both_themes(theme: int) -> None:
    colours = palettes()[theme]
    for ink in ("ink", "soft", "accent"):
        for paper in ("page", "card"):
            assert contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
    for level in ("good", "note", "warning"):
        assert contrast(colours[level], colours[f"{level}-wash"]) >= 4.5, level
    for line in ("s1", "s2", "s3", "s4", "s5", "quiet"):
        assert contrast(colours[line], colours["card"]) >= 3.0, line
