"""What a replay prints: one JSON object a line."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from openline.codec.events import to_document
from openline.core.errors import Refusal
from openline.core.notice import AirActivity, Notice
from openline.core.time import to_text
from openline.node.journal import Output, Told
from openline.node.line import Line
from openline.release.phrases import phrase

Document = dict[str, Any]


def event_line(output: Output, index: int) -> Document:
    """The line of one entry. What the line tells somebody has `to`, what stays in the node has not."""
    if isinstance(output, Told):
        return {"at": to_text(output.at_ms), "kind": "told", "from": output.party, "index": index}
    document = to_document(output)
    at, kind, to = document.pop("at"), document.pop("kind"), document.pop("to")
    receiver = {"to": to} if to else {}
    line: Document = {"at": at, "kind": kind, "from": "line", **receiver, "index": index}
    line |= {key: _plain(value) for key, value in document.items()}
    words = {language: phrase(output, language) for language in ("en", "fr")}
    if words["en"]:
        line["text"] = words
    return line


def told_line(line: Document, notice: Notice, marks: Document) -> Document:
    """The line of a notice as its teller told it."""
    volumes = len(notice.volumes) + (len(notice.hazard_volumes) if isinstance(notice, AirActivity) else 0)
    supersedes = {"supersedes": notice.supersedes} if notice.supersedes else {}
    return line | {
        "kind": "notice",
        "type": notice.kind.value,
        "notice": notice.id,
        "sequence": notice.sequence,
        "agreement": notice.agreement_id,
        "window_start": to_text(notice.window.start_ms),
        "window_end": to_text(notice.window.end_ms),
        "volumes": volumes,
        **supersedes,
        **marks,
    }


def refusal_line(refusal: Refusal, at_ms: int, party: str, label: str) -> Document:
    """The line of something that was refused; it is no entry of the ledger."""
    return {
        "at": to_text(at_ms),
        "kind": "refusal",
        "from": "line",
        "to": party,
        "label": label,
        "code": refusal.code,
        "reason": refusal.reason,
        "path": refusal.path,
        "remedy": refusal.remedy,
    }


def summary_line(line: Line, at_ms: int, *, alerts: int) -> Document:
    """The last line: what the ledger holds and the root that its checkpoint signs."""
    tree, state = line.journal.tree, line.state
    return {
        "at": to_text(at_ms),
        "kind": "summary",
        "from": "line",
        "origin": line.origin,
        "drill": True,
        "entries": tree.size,
        "root": b64encode(tree.root()).decode("ascii"),
        "notices": len(state.held),
        "alerts": alerts,
        "open_alerts": len(state.desk),
        "checkpoint": line.checkpoint,
    }


def as_told(line: Document, party: str) -> bool:
    """True for a line that `party` is told, and for nothing else."""
    return line.get("to") == party and line["from"] == "line"


def public_summary(line: Document) -> Document:
    """The summary as anybody may see it: the public head of the ledger."""
    return {key: line[key] for key in ("at", "kind", "from", "origin", "drill", "entries", "root", "checkpoint")}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
