"""The dashboard: a page that follows a study from its journal, as a WSGI application.

Only who knows the token in its address gets an answer. Nothing of the study is changed but by the button, which leaves
a file that the fit looks for.
"""

import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Any

from markupsafe import Markup

from easynas.errors import StudyError
from easynas.report import charts
from easynas.report.forecast import steps
from easynas.report.notebook import TEMPLATES, environment, view
from easynas.report.standing import Standing, standing_of
from easynas.search.journal import STOP
from easynas.search.study import Study
from easynas.search.trial import Failed

_HOSTS = {"127.0.0.1", "localhost"}
_CURVES = 5
_MOST_FAILED = 5

Start = Callable[[str, list[tuple[str, str]]], Any]


class Dashboard:
    """Answers `GET /TOKEN/`, `GET /TOKEN/now` (the part that changes) and `POST /TOKEN/stop`, and nothing else.

    Args:
        directory: of the study.
        token: what an address must begin with; None for a random one.

    Attributes:
        address: path of the page, with the token.
    """

    def __init__(self, directory: Path, *, token: str | None = None) -> None:
        self._directory = directory
        self._token = secrets.token_urlsafe(24) if token is None else token
        self._templates = environment()
        self.address = f"/{self._token}/"

    def __call__(self, request: dict[str, Any], start: Start) -> Iterable[bytes]:
        status, body, headers = self._answer(request)
        content = body.encode("utf-8", errors="replace")
        start(f"{status.value} {status.phrase}", [*headers.items(), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, request: dict[str, Any]) -> tuple[HTTPStatus, str, dict[str, str]]:
        action = self._action(request)
        match request["REQUEST_METHOD"], action:
            case "GET", "":
                nonce = secrets.token_urlsafe(12)
                return HTTPStatus.OK, self._page(nonce), _headers(f"'nonce-{nonce}'")
            case "GET", "now":
                return HTTPStatus.OK, self._now(), _headers()
            case "POST", "stop":
                return self._stop()
            case _:
                return HTTPStatus.NOT_FOUND, _NOTHING, _PLAIN

    def _action(self, request: dict[str, Any]) -> str | None:
        """What is asked for; None if the token is wrong, or if a name that is not this machine's leads here."""
        host = request.get("HTTP_HOST", "").rpartition(":")[0] or request.get("HTTP_HOST", "")
        token, _, action = request.get("PATH_INFO", "").removeprefix("/").partition("/")
        known = secrets.compare_digest(token.encode(), self._token.encode())
        return action if known and host in _HOSTS else None

    def _page(self, nonce: str) -> str:
        css = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("report.css", "standing.css"))
        page = self._templates.get_template("dashboard.html")
        return page.render(nonce=nonce, css=css, now=self._now(), directory=str(self._directory))

    def _now(self) -> str:
        try:
            standing = standing_of(self._directory)
            study = Study.read(self._directory)
        except StudyError as error:
            return self._templates.get_template("unreadable.html").render(reason=str(error))
        asked = standing.state == "running" and (self._directory / STOP).exists()
        seen = {**view(standing), **_charts(standing, study), "failed": _failed(standing), "asked": asked}
        return self._templates.get_template("now.html").render(seen)

    def _stop(self) -> tuple[HTTPStatus, str, dict[str, str]]:
        """Asks the fit to end; then back to the page."""
        try:
            if standing_of(self._directory).state != "running":
                return HTTPStatus.CONFLICT, "This fit runs no more; there is nothing to stop.", _PLAIN
            (self._directory / STOP).touch()
        except (StudyError, OSError) as error:
            return HTTPStatus.CONFLICT, f"The fit could not be asked to stop: {error}", _PLAIN
        return HTTPStatus.SEE_OTHER, "", {**_PLAIN, "Location": self.address}


_NOTHING = "There is nothing here; open the address that `easynas watch` printed."
_PLAIN = {
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


def _headers(script: str = "'none'") -> dict[str, str]:
    """The page may run its own script, ask where it comes from, and nothing else; nobody may frame it."""
    policy = (
        f"default-src 'none'; script-src {script}; style-src 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    )
    html = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
    return {**_PLAIN, **html, "Referrer-Policy": "same-origin"}


def _charts(standing: Standing, study: Study) -> dict[str, Any]:
    """The best score over time and the curves of the best trials, once there is something to draw."""
    taken = steps(study.trials, study.moments)
    curved = [trial for trial in standing.leaders(_CURVES) if len(trial.curve) > 1]
    progress = None
    if len(taken) > 1:
        progress = charts.progress(taken, None, metric=standing.metric, spent=taken[-1].seconds)
    return {
        "progress": None if progress is None else _drawn(progress),
        "curves": _drawn(charts.learning_curves(curved)) if curved else None,
        "curved": curved,
    }


def _drawn(svg: str) -> Markup:
    """A drawing of our own, which is escaped already."""
    return Markup(svg)


def _failed(standing: Standing) -> list[Failed]:
    """The latest trials that failed, with their reasons."""
    return [trial for trial in standing.trials if isinstance(trial, Failed)][-_MOST_FAILED:]
