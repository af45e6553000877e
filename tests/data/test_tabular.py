"""Tables in files."""

import builtins
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import easynas
from easynas.errors import InputError

TABLE = pd.DataFrame({"rooms": [3, 4, 5], "town": ["Bern", "Köln, West", None], "price": [1.5, 2.5, 3.5]})


def write(path: Path) -> Path:
    match path.name.split(".")[1]:
        case "csv":
            TABLE.to_csv(path, index=False)
        case "tsv":
            TABLE.to_csv(path, index=False, sep="\t")
        case "jsonl":
            TABLE.to_json(path, orient="records", lines=True)
        case "json":
            TABLE.to_json(path, orient="records")
        case "parquet":
            TABLE.to_parquet(path)
    return path


@pytest.mark.parametrize(
    "name", ["a.csv", "a.CSV", "a.csv.gz", "a.tsv", "a.jsonl", "a.jsonl.gz", "a.json", "a.parquet"]
)
def test_every_kind_of_file_gives_the_same_table(name: str, tmp_path: Path) -> None:
    if name == "a.parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    x, y = easynas.data.read_table(write(tmp_path / name.lower()).rename(tmp_path / name), "price")
    assert list(x) == ["rooms", "town"]
    assert x["rooms"].tolist() == [3, 4, 5]
    assert x["town"].tolist()[:2] == ["Bern", "Köln, West"]
    assert x["town"].isna().tolist() == [False, False, True]
    assert y is not None
    assert y.tolist() == [1.5, 2.5, 3.5]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_out(separator: str, tmp_path: Path) -> None:
    lines = (
        ["a{0}b{0}c", '1{0}"x;,y"{0}2', "3{0}z, and{0}4"]
        if separator == ";"
        else ["a{0}b{0}c", "1{0}x{0}2", "3{0}z{0}4"]
    )
    (tmp_path / "a.csv").write_text("\ufeff" + "\n".join(lines).format(separator) + "\n", encoding="utf-8")
    x, _ = easynas.data.read_table(tmp_path / "a.csv")
    assert list(x) == ["a", "b", "c"]
    assert x["c"].tolist() == [2, 4]


def test_a_single_column_needs_no_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text\nhello\nthere\n")
    x, y = easynas.data.read_table(tmp_path / "a.csv")
    assert x["text"].tolist() == ["hello", "there"]
    assert y is None


def test_several_targets_are_a_frame(tmp_path: Path) -> None:
    x, y = easynas.data.read_table(write(tmp_path / "a.csv"), ["price", "rooms"])
    assert list(x) == ["town"]
    assert isinstance(y, pd.DataFrame)
    assert list(y) == ["price", "rooms"]


@pytest.mark.parametrize(
    ("name", "content", "target", "message"),
    [
        ("a.csv", b"a,b\n1,2\n", "c", "`target` must be a column: 'a', 'b'. Received 'c'"),
        ("a.csv", b"a\n1\n", "a", "a column beside the target"),
        ("a.csv", b"a,b\n", "a", "a header and rows. Received 0 rows"),
        ("a.csv", b"", "a", "must be a csv file"),
        ("a.csv", b"a,b\n\xff\xfe,1\n", "a", "a csv file in UTF-8"),
        ("a.jsonl", b"{'a'", "a", "must be a jsonl file"),
        ("a.xlsx", b"", "a", "ends in .csv, "),
        ("a.parquet", b"PAR", "a", "arquet"),
    ],
)
def test_what_cannot_be_read_is_explained(name: str, content: bytes, target: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        easynas.data.read_table(tmp_path / name, target)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="which is not there"):
        easynas.data.read_table(tmp_path / "no.csv")


def test_parquet_without_pyarrow_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    load = builtins.__import__

    def absent(name: str, *arguments: Any) -> Any:
        if name.partition(".")[0] in ("pyarrow", "fastparquet"):
            raise ImportError(name)
        return load(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(InputError, match=r"pip install 'easynas\[parquet\]'"):
        easynas.data.read_table(tmp_path / "a.parquet")
