"""The dashboard: it answers who knows the token, shows what the journal says, and asks a fit to stop."""

import re
from pathlib import Path
from typing import Any

import pytest

from easynas.report.dashboard import Dashboard
from easynas.search.journal import FILE, STOP
from easynas.search.running import announce
from easynas.search.study import Study
from easynas.search.trial import Done, Failed, Job

CURVE = (2.0, 1.0, 0.5, 0.4)
BASELINE = Done(Job(0, {}, origin="baseline"), 0.7, 3.0, curve=CURVE)
BEST = Done(Job(1, {"network": "resnet"}), 0.9, 12.0, {"standard_error": 0.01}, curve=CURVE)
FAILED = Failed(Job(2, {"network": "vgg"}), "out of <memory> & more", 1.0)


class Client:
    """Asks a dashboard as a server would."""

    def __init__(self, directory: Path) -> None:
        self.page = Dashboard(directory, token="secret")
        self.status = ""
        self.headers: dict[str, str] = {}

    def ask(self, path: str, method: str = "GET", host: str = "127.0.0.1:8000") -> str:
        def start(status: str, headers: list[tuple[str, str]]) -> None:
            self.status, self.headers = status, dict(headers)

        request: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "HTTP_HOST": host}
        return b"".join(self.page(request, start)).decode()


@pytest.fixture
def client(tmp_path: Path) -> Client:
    """A dashboard of a study that this process has begun."""
    with Study.open(tmp_path, {"metric": "accuracy"}, budget=600.0) as study:
        study.enter("searching", then="making the model")
        for trial in (BASELINE, BEST, FAILED):
            study.append(trial)
        announce(study.weights_folder, Job(5, {"network": "mbconv"}), [2.0, 1.5])
    return Client(tmp_path)


def test_the_page_shows_how_the_fit_stands(client: Client) -> None:
    page = client.ask("/secret/")
    assert client.status == "200 OK"
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("<main>")[2]))
    for shown in ("searching", "left of 10:00", "Best accuracy 0.9000 ± 0.0100", "Next: making the model", "mbconv"):
        assert shown in words
    assert "out of &lt;memory&gt; &amp; more" in page
    assert page.count('class="en-spark"') == 3
    assert page.count('class="chart"') == 2


def test_only_the_scripts_of_the_page_may_run(client: Client) -> None:
    page = client.ask("/secret/")
    policy = client.headers["Content-Security-Policy"]
    [nonce] = re.findall(r"script-src 'nonce-([^']+)'", policy)
    assert re.findall("<script[^>]*>", page) == [f'<script nonce="{nonce}">']
    client.ask("/secret/")
    assert nonce not in client.headers["Content-Security-Policy"]


def test_what_changes_is_asked_for_again_and_again(client: Client, tmp_path: Path) -> None:
    assert 'data-state="running" data-model="yes" data-asked="no"' in client.ask("/secret/now")
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"status": "shipped", "trial": 1, "at": 1e10}\n')
    now = client.ask("/secret/now")
    assert 'data-state="ended"' in now
    assert "the model is ready" in now


@pytest.mark.parametrize(
    ("path", "method", "host"),
    [
        ("/", "GET", "127.0.0.1"),
        ("/guess/", "GET", "127.0.0.1"),
        ("/guéss/", "GET", "127.0.0.1"),
        ("/guess/stop", "POST", "127.0.0.1"),
        ("/secret/", "GET", "evil.example"),
        ("/secret/stop", "POST", "evil.example:8000"),
        ("/secret/stop", "GET", "127.0.0.1"),
        ("/secret/../study.jsonl", "GET", "127.0.0.1"),
    ],
)
def test_anything_else_is_not_found_and_does_nothing(
    client: Client, tmp_path: Path, path: str, method: str, host: str
) -> None:
    assert "resnet" not in client.ask(path, method, host)
    assert client.status == "404 Not Found"
    assert not (tmp_path / STOP).exists()


def test_a_tunnel_may_have_another_port(client: Client) -> None:
    client.ask("/secret/", host="localhost:9999")
    assert client.status == "200 OK"


def test_the_button_asks_the_fit_to_stop(client: Client, tmp_path: Path) -> None:
    client.ask("/secret/stop", "POST")
    assert client.status == "303 See Other"
    assert client.headers["Location"] == "/secret/"
    assert (tmp_path / STOP).exists()
    assert 'data-asked="yes"' in client.ask("/secret/now")
    assert "was asked to stop, and will as soon as it can" in client.ask("/secret/")


def test_what_ended_cannot_be_stopped(client: Client, tmp_path: Path) -> None:
    with Study.open(tmp_path, {"metric": "accuracy"}, budget=600.0) as study:
        study.ship(BEST)
    assert "nothing to stop" in client.ask("/secret/stop", "POST")
    assert client.status == "409 Conflict"
    assert not (tmp_path / STOP).exists()


def test_a_damaged_journal_is_said_on_the_page(client: Client, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{}\n<b>\n")
    assert "must be a JSON record. Line 2 is not" in client.ask("/secret/now")


def test_tokens_cannot_be_guessed(tmp_path: Path) -> None:
    addresses = {Dashboard(tmp_path).address for _ in range(20)}
    assert len(addresses) == 20
    assert all(re.fullmatch(r"/[\w-]{32}/", address) for address in addresses)
