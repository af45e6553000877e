"""The file: one writer at a time, and whole whatever happens."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from easynas.errors import StudyError
from easynas.search.journal import FILE, Journal, read

HOLDER = """
import sys, time
from pathlib import Path
from easynas.search.study import Study
study = Study.open(Path(sys.argv[1]), {"task": "t"})
print("open", flush=True)
time.sleep(60.0)
"""

FULL_DISK = """
import resource, sys
from pathlib import Path
from easynas.errors import StudyError
from easynas.search.journal import Journal

resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
journal, written = Journal(Path(sys.argv[1])), 0
try:
    while True:
        journal.append({"status": "run", "number": written, "text": "x" * 100})
        written += 1
except StudyError as error:
    print(written, len(journal.records))
    print(error)
"""


def test_what_was_appended_is_there(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "folder")
    records = [{"format": 1}, {"status": "run", "text": "é\n"}]
    for record in records:
        journal.append(record)
        assert read(journal.path) == journal.records
    assert journal.records == records
    journal.close()
    assert Journal(tmp_path / "new" / "folder").records == records


def test_a_second_writer_is_refused_in_the_same_process(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    with pytest.raises(StudyError, match=r"One process at a time .* and another process does"):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()


@pytest.mark.slow
def test_a_second_process_is_told_who_has_it_and_takes_over_from_a_killed_one(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StudyError, match=f"process {holder.pid} on .* does. Wait for it, end it, or use another"):
            Journal(tmp_path)
        assert len(read(tmp_path / FILE)) == 2
        os.kill(holder.pid, signal.SIGKILL)
    Journal(tmp_path).close()


@pytest.mark.slow
def test_a_full_disk_is_an_error_that_leaves_the_journal_whole(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    counts, message = ran.stdout.splitlines()[:2]
    written = int(counts.split()[0])
    assert counts == f"{written} {written}"
    assert written > 3
    assert "must be written" in message
    assert "fit again with the same directory" in message
    records = read(tmp_path / FILE)
    assert [record["number"] for record in records] == list(range(written))
    assert (tmp_path / FILE).read_bytes().endswith(b"\n")
    assert Journal(tmp_path).records == records
