"""A party's desk: signs with its key and speaks to a node over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec
from msgspec import Struct

from openline.adapters.clock import pause
from openline.adapters.key_files import KeyFile, read_key
from openline.app.custody import Custody
from openline.app.ledger_door import LedgerDoor
from openline.app.pen import Pen
from openline.core.errors import CODES, BadUse, NodeFault, Refusal

DEFAULT_NODE = "http://localhost:8460"
_TIMEOUT_S = 10.0
_LONG_S = 300.0
"""How long a node may take to put an evidence bundle together."""
_AGAIN_S = 2.0
_HOST = re.compile(r"[\w.:-]+")
"""A name, an IPv4 or an IPv6 address; whether there is such a host, the connection tells."""


class Counter(Struct, kw_only=True):
    """The party's last notice, kept beside the key file so that the next one follows it."""

    sequence: int = 0
    previous: str = ""


class Desk:
    """One key and one node."""

    def __init__(self, key_path: Path, node: str, node_key: str = "") -> None:
        """Read the key. `node_key` is the node's public key in base64, when the officer knows it.

        Raises:
            BadUse: when the key file cannot be used, or the address is none.
        """
        check_address(node)
        self.key: KeyFile = read_key(key_path)
        self._counter_path = key_path.with_suffix(".sequence.json")
        counter = self._counter()
        self.pen = Pen(
            self.key.party, self.key.role, self.key.signer, sequence=counter.sequence, previous=counter.previous
        )
        self._http = httpx.Client(base_url=node, timeout=_TIMEOUT_S)
        self._node = node
        self._key_path = key_path
        self._node_key = node_key
        self._custody: Custody | None = None
        self.ledger = LedgerDoor(self._fetch)

    def __enter__(self) -> Self:
        """Use it within a `with`, which ends its connections."""
        return self

    def __exit__(self, *_: object) -> None:
        """End its connections."""
        self._http.close()

    @property
    def custody(self) -> Custody:
        """What is held against the node; at first use its key is held against the one that was kept.

        Raises:
            LedgerFault: NODE_KEY_DIFFERS, before anything is sent.
            BadUse, Refusal, NodeFault: as `Custody`.
        """
        if self._custody is None:
            self._custody = Custody(self._key_path, self.ledger, self._node_key)
        return self._custody

    def look(self) -> None:
        """Compare the node's ledger with what was seen of it; notices name what was verified.

        Raises:
            LedgerFault, BadUse, Refusal, NodeFault: as `custody`.
        """
        self.custody.look()
        head = self.custody.history.head
        self.pen.seen = None if head is None else (head.size, head.root)

    def tell(self, envelope: bytes) -> dict[str, Any]:
        """Send a notice and keep its number; gives the receipt.

        Raises:
            Refusal, NodeFault: what the node answered, or NODE_UNREACHABLE.
        """
        receipt = self._call("POST", "/notices", content=envelope)
        counter = Counter(sequence=self.pen.sequence, previous=self.pen.previous)
        # the notice is recorded whatever becomes of this file; without it the next is flagged SEQUENCE_GAP
        with suppress(OSError):
            self._counter_path.write_bytes(msgspec.json.encode(counter))
        return receipt

    def acknowledge(self, envelope: bytes) -> dict[str, Any]:
        """Send an acknowledgement; gives the receipt.

        Raises:
            Refusal, NodeFault: as `tell`.
        """
        return self._call("POST", "/acknowledgements", content=envelope)

    def declare(self, envelope: bytes) -> dict[str, Any]:
        """Send a declaration; gives the receipt.

        Raises:
            Refusal, NodeFault: as `tell`.
        """
        return self._call("POST", "/declarations", content=envelope)

    def send_attachment(self, digest: str, content: bytes) -> dict[str, Any]:
        """Send the salt and the bytes of an attachment that a notice names. Needs a session."""
        return self._call("POST", f"/attachments/{digest}", content=content)

    def attachment(self, digest: str) -> bytes:
        """The salt and the bytes of an attachment. Needs a session."""
        return self._answer("GET", f"/attachments/{digest}").content

    def open_session(self) -> None:
        """Answer the node's challenge, and use the token from now on.

        Raises:
            Refusal, NodeFault: as `tell`.
        """
        challenge = self._call("POST", "/sessions/challenge")["challenge"]
        session = self._call("POST", "/sessions", content=self.pen.session(challenge))
        self._http.headers["Authorization"] = f"Bearer {session['token']}"

    def alerts(self) -> dict[str, Any]:
        """The party's open alerts. Needs a session."""
        return self._call("GET", "/alerts")

    def zones(self) -> dict[str, Any]:
        """The zones that the party has to know. Needs a session."""
        return self._call("GET", "/zones")

    def evidence(self, asked: Mapping[str, str | list[str]]) -> bytes:
        """The bytes of an evidence bundle, not yet believed. Needs a session."""
        timeout = httpx.Timeout(_TIMEOUT_S, read=_LONG_S)
        return self._answer("GET", "/evidence", params=dict(asked), timeout=timeout).content

    def keys(self) -> dict[str, Any]:
        """The keys of the party and of those with whom it shares an agreement. Needs a session."""
        return self._call("GET", "/keys")

    @contextmanager
    def feed(self, after: int) -> Iterator[Iterator[dict[str, Any]]]:
        """The party's own feed after an entry, as it comes. Needs a session."""
        headers = {"Last-Event-ID": str(after)} if after >= 0 else {}
        timeout = httpx.Timeout(_TIMEOUT_S, read=60.0)
        try:
            with self._http.stream("GET", "/feed", headers=headers, timeout=timeout) as response:
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise _refusal(response)
                yield _events(response.iter_lines())
        except httpx.HTTPError as error:
            raise _unreachable(self._node, error) from error

    def _call(self, method: str, path: str, *, content: bytes | None = None) -> dict[str, Any]:
        answer: dict[str, Any] = self._answer(method, path, content=content).json()
        return answer

    def _fetch(self, path: str) -> bytes:
        return self._answer("GET", path).content

    def _answer(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - what httpx takes
        try:
            response = self._http.request(method, path, **more)
        except httpx.HTTPError as error:
            raise _unreachable(self._node, error) from error
        if response.is_error:
            raise _refusal(response)
        return response

    def _counter(self) -> Counter:
        try:
            return msgspec.json.decode(self._counter_path.read_bytes(), type=Counter)
        except FileNotFoundError:
            return Counter()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadUse(
                "FILE_UNREADABLE",
                "the number of your last notice cannot be read",
                path=str(self._counter_path),
                remedy="Remove the file: the next notice is then flagged SEQUENCE_GAP and accepted.",
            ) from error


def followed(desk: Desk, after: int, say_lost: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    """The feed without end: it signs in again when the session runs out, and says so when the line is lost.

    Raises:
        Refusal: when the node does not take the key.
    """
    last = after
    is_lost = False
    while True:
        try:
            desk.open_session()
            is_lost = False
            with desk.feed(last) as events:
                for event in events:
                    if "index" in event:
                        last = event["index"]
                    if "text" in event:
                        yield event
        except NodeFault as fault:
            if not is_lost:
                say_lost(fault.reason)
            is_lost = True
            pause(_AGAIN_S)


def submit_keys(node: str, envelope: bytes) -> dict[str, Any]:
    """Tell a node a signed key document; gives the receipt.

    Raises:
        BadUse: CONFIGURATION_INVALID, when the address is none.
        Refusal, NodeFault: what the node answered, or NODE_UNREACHABLE.
    """
    check_address(node)
    try:
        response = httpx.post(f"{node}/keys", content=envelope, timeout=_TIMEOUT_S)
        if response.is_error:
            raise _refusal(response)
        receipt: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable(node, error) from error
    return receipt


def node_state(node: str) -> tuple[bool, dict[str, Any]]:
    """Whether a node is ready, and what it says of itself.

    Raises:
        BadUse: CONFIGURATION_INVALID, when the address is none.
        NodeFault: NODE_UNREACHABLE.
    """
    check_address(node)
    try:
        response = httpx.get(f"{node}/readyz", timeout=_TIMEOUT_S)
        document: dict[str, Any] = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unreachable(node, error) from error
    return response.is_success, document


def check_address(node: str) -> None:
    """See that it is the address of a node, before anything is signed or sent.

    Raises:
        BadUse: CONFIGURATION_INVALID.
    """
    try:
        url = httpx.URL(node)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not _HOST.fullmatch(url.host) or url.query or url.fragment:
        raise BadUse(
            "CONFIGURATION_INVALID",
            f"{node[:80]!r} is not the address of a node",
            path="--node",
            remedy=f"Write it like {DEFAULT_NODE}.",
        )


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Server-sent events (WHATWG HTML, 9.2.6): the JSON of each `data` field."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].lstrip(" "))
        elif not line and data:
            event: dict[str, Any] = msgspec.json.decode("\n".join(data))
            yield event
            data = []


def _refusal(response: httpx.Response) -> Refusal | NodeFault:
    try:
        problem: dict[str, Any] = response.json()
    except ValueError:
        problem = {}
    code = problem.get("code", "")
    reason = str(problem.get("detail", f"the node answered {response.status_code}"))
    if code not in CODES or response.is_server_error:
        known = code if code in CODES else "NODE_UNREACHABLE"
        return NodeFault(known, reason, remedy=str(problem.get("remedy", "Try again; telephone meanwhile.")))
    return Refusal(code, reason, path=str(problem.get("path", "")), remedy=str(problem.get("remedy", "")))


def _unreachable(node: str, error: Exception) -> NodeFault:
    return NodeFault(
        "NODE_UNREACHABLE",
        f"{node} does not answer ({str(error) or type(error).__name__})",
        remedy="Check the address and that the node runs. Until then use the telephone.",
    )
