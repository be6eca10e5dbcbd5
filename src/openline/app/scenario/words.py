"""The shape of a scenario file. `docs/reference/scenario.md` describes every field; a test keeps both alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from openline.codec.wire import Code, Name, Reference

Text = Annotated[str, Meta(max_length=4_000)]


class _Table(Struct, forbid_unknown_fields=True, kw_only=True):
    """Nothing unknown passes."""


class PartyTable(_Table, kw_only=True):
    """A side of the drill."""

    code: Code
    name: Name
    roles: Annotated[list[Reference], Meta(min_length=1)] = field(default_factory=lambda: ["duty_officer"])


class _EventTable(_Table, kw_only=True, tag_field="kind"):
    """What every event has."""

    at: str
    branches: list[Reference] = []
    synthetic: list[Text] = []
    disputed: Text = ""
    source: Text = ""
    text: Text = ""


class TellEvent(_EventTable, kw_only=True, tag="tell"):
    """A party tells a notice over the line."""

    sender: Code = field(name="from")
    role: Reference = "duty_officer"
    label: Reference
    agreement: Reference = ""
    supersedes: Reference = ""
    withdraws: Reference = ""
    refused: bool = False
    notice: dict[str, Any]


class AcknowledgeEvent(_EventTable, kw_only=True, tag="acknowledge"):
    """An officer acknowledges the party's open alert about a notice."""

    sender: Code = field(name="from")
    role: Reference = "duty_officer"
    about: Reference
    precedence: Literal["ROUTINE", "PRIORITY", "IMMEDIATE", "FLASH"] | None = None


class LinkEvent(_EventTable, kw_only=True, tag="link"):
    """A party's machine loses or regains the line."""

    sender: Code = field(name="from")
    state: Literal["up", "down"]


class OutsideEvent(_EventTable, kw_only=True, tag="outside"):
    """Something said or done outside the line: the line knows nothing of it."""

    sender: Name = field(name="from", default="world")
    receiver: Name = field(name="to", default="")


AnyEventTable = TellEvent | AcknowledgeEvent | LinkEvent | OutsideEvent


class ScenarioTable(_Table, kw_only=True):
    """The whole file."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
    title: Text
    summary: Text
    history: Text = ""
    disputed: list[Text] = []
    synthetic: list[Text] = []
    agreements: Annotated[list[str], Meta(min_length=1, max_length=20)]
    default_branch: Reference = ""
    branches: dict[Reference, Text] = {}
    ends: str
    parties: Annotated[list[PartyTable], Meta(min_length=1)]
    events: Annotated[list[AnyEventTable], Meta(min_length=1)]
