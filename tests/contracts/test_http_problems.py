"""Errors look alike everywhere, every answer is careful, and people find a page."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from openline.adapters.clock import ManualClock, SystemEntropy
from openline.adapters.http.app import build_app
from openline.adapters.http.operations import ANYWHERE_ELSE, EVERYWHERE, OPERATIONS
from openline.adapters.http.problems import problem_answer
from openline.adapters.http.statuses import NEVER_OVER_HTTP, STATUSES
from openline.core.errors import CODES, OpenlineError, Retry
from openline.node.sequencer import Sequencer
from openline.node.sessions import Sessions
from tests.parties import NOON_MS, NORTH, SOUTH, Town, activity, in_air, on_ground, presence
from tests.serving import Node


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node() as served:
        yield served


def test_every_code_has_a_status_or_never_comes_over_http() -> None:
    assert set(STATUSES) | NEVER_OVER_HTTP == set(CODES), "Give a new code its status in adapters/http/statuses.py."
    assert not set(STATUSES) & NEVER_OVER_HTTP


def test_every_status_is_promised_somewhere_in_the_interface() -> None:
    promised = {code for operation in OPERATIONS for code in operation.codes}
    assert promised | set(EVERYWHERE) | set(ANYWHERE_ELSE) == set(STATUSES)


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_a_status_and_its_retry_do_not_contradict_each_other(code: str) -> None:
    status = STATUSES[code]
    assert (status.number >= 500) == (CODES[code].retry is Retry.LATER) == (status.retry_after_s > 0)


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_every_code_has_its_page(node: Node, code: str) -> None:
    answer = problem_answer(OpenlineError(code, "so it is", path="here", remedy="Do this."))
    assert f"/problems/{code}".encode() in answer.body
    page = node.http.get(f"/problems/{code}")
    assert page.status_code == 200
    assert code in page.text
    assert CODES[code].when[1:] in page.text.replace("&#x27;", "'")


def test_a_page_for_no_code_is_not_there(node: Node) -> None:
    assert node.http.get("/problems/NO_SUCH_CODE").status_code == 404
    assert node.http.get("/problems/FILE_UNREADABLE").status_code == 404


@pytest.mark.parametrize("path", ["/nothing", "/notices/", "/alerts/1", "/%00", "/entries/", "/problems/"])
def test_an_unknown_address_is_a_problem_document(node: Node, path: str) -> None:
    response = node.http.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/notices", "GET, HEAD, POST"),
        ("GET", "/acknowledgements", "POST"),
        ("DELETE", "/entries/1", "GET, HEAD"),
        ("OPTIONS", "/alerts", "GET, HEAD"),
        ("HEAD", "/feed", "GET"),
        ("POST", "/checkpoint", "GET, HEAD"),
        ("TRACE", "/", "GET, HEAD"),
    ],
)
def test_an_unknown_method_says_which_are_known(node: Node, method: str, path: str, allowed: str) -> None:
    response = node.http.request(method, path)
    assert response.status_code == 405
    assert response.headers["allow"] == allowed
    assert method == "HEAD" or response.json()["code"] == "METHOD_NOT_ALLOWED"


def test_every_answer_is_careful_and_none_is_shared_with_other_sites(node: Node) -> None:
    paths = ["/", "/notices", "/nothing", "/checkpoint", "/openapi.json", "/metrics", "/healthz", "/problems/NOT_FOUND"]
    answers = [node.http.get(path, headers={"Origin": "https://elsewhere.example"}) for path in paths]
    answers += [node.http.post(path, content=b"") for path in ("/notices", "/sessions", "/sessions/challenge")]
    answers += [node.get(path, NORTH) for path in ("/alerts", "/notices", "/zones", "/channels", "/entries/0")]
    with node.http.stream("GET", "/feed", headers=node.session(NORTH)) as stream:
        answers.append(stream)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["cache-control"]
        assert not any(name.startswith("access-control-") for name in answer.headers)
        assert "server" not in answer.headers


def test_what_is_a_partys_own_is_kept_by_nobody_on_the_way(node: Node) -> None:
    for path in ("/alerts", "/notices", "/zones", "/channels"):
        assert node.get(path, NORTH).headers["cache-control"] == "no-store"
    assert node.http.post("/sessions/challenge").headers["cache-control"] == "no-store"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_front_page_says_what_it_is_and_takes_nothing_from_elsewhere(node: Node) -> None:
    response = node.http.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    text = response.text
    for sentence in (
        "Notification is not a condition of protection",
        "No objection is not permission",
        "No known conflict is not safety",
        "La notification n&#x27;est pas une condition de la protection",
    ):
        assert sentence in text
    page = _Page()
    page.feed(text)
    names = [tag for tag, _ in page.tags]
    assert not set(names) & {"script", "img", "link", "iframe", "form"}
    assert names.count("h1") == names.count("title") == names.count("main") == 1
    assert next(attrs for tag, attrs in page.tags if tag == "html")["lang"] == "en"
    links = [attrs["href"] for tag, attrs in page.tags if tag == "a"]
    assert all(link is not None and node.http.get(link).status_code == 200 for link in links)
    style = re.search(r"<style>(.*)</style>", text, re.DOTALL)
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in response.headers["content-security-policy"]
    assert "url(" not in text


@pytest.mark.parametrize("is_drill", [True, False])
def test_a_drill_says_so_in_large_letters(*, is_drill: bool) -> None:
    town = Town()
    clock = ManualClock(NOON_MS)
    sequencer = Sequencer(town.line, clock, lambda *_: None)
    app = build_app(sequencer, Sessions(clock, SystemEntropy()), is_drill=is_drill, report=lambda *_: None)
    if is_drill:
        with Node(town) as node:
            for path in ("/", "/problems/NOT_FOUND"):
                assert 'class="drill"' in node.http.get(path).text
            assert "DRILL" in node.http.get("/openapi.json").json()["info"]["title"]
    assert app.is_drill is is_drill


def test_what_is_counted_names_no_party() -> None:
    with Node() as node:
        node.tell(SOUTH, presence(on_ground(NOON_MS)))
        raw = node.town.written(NORTH, activity(in_air(NOON_MS + 3_600_000)))
        node.http.post("/notices", content=raw)
        node.http.post("/notices", content=raw)
        node.http.post("/notices", content=b"")
        node.http.get("/nothing")
        response = node.http.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        lines = set(response.text.splitlines())
        size = len(node.town.store.records)
    assert lines >= {
        'openline_notices_total{outcome="recorded"} 2.0',
        'openline_notices_total{outcome="duplicate"} 1.0',
        'openline_refusals_total{code="ENVELOPE_MALFORMED"} 1.0',
        'openline_refusals_total{code="NOT_FOUND"} 1.0',
        "openline_commits_total 2.0",
        "openline_queue_length 0.0",
        "openline_streams 0.0",
        "openline_fenced 0.0",
        f"openline_ledger_entries {float(size)}",
    }
    assert not any(party in line for line in lines for party in (NORTH, SOUTH))
