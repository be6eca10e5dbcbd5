"""`openline send`, `watch`, `ack` and `status`: what a duty officer does from a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from openline.adapters.clock import SystemClock, SystemEntropy
from openline.adapters.key_files import KeyFile
from openline.app.attaching import Waiting, salted, send_waiting
from openline.app.commands.alarms import Passing, alarms_json, end_with, say_custody
from openline.app.commands.replay import LanguageChoice
from openline.app.console import FINDING, err, out, print_json, printable, say_drill, spoken_errors
from openline.app.custody import Custody
from openline.app.desk import DEFAULT_NODE, Desk, followed, node_state
from openline.app.notice_files import read_notice_file
from openline.codec.times import read_instant
from openline.core.errors import NotFound, OpenlineError, Refusal
from openline.core.flags import FlagCode
from openline.core.time import DAY_MS, to_text
from openline.release.phrases import CAVEAT, flag_words

Key = Annotated[Path, typer.Option(help="Your key file.")]
Node = Annotated[str, typer.Option(help="The node's address.")]
NodeKey = Annotated[str, typer.Option(help="The node's public key as you were given it, base64.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Lang = Annotated[LanguageChoice, typer.Option(help="Language of what you read.")]


def send(
    file: Annotated[Path, typer.Argument(help="The notice, a TOML file.")],
    key: Key,
    node: Node = DEFAULT_NODE,
    node_key: NodeKey = "",
    attach: Annotated[list[Path] | None, typer.Option(help="A file that travels beside the notice, erasable.")] = None,
    json: Json = False,
) -> None:
    """Tell a notice: sign it with your key, send it, check the receipt and keep it.

    Exit status 1 when the node's receipt or its ledger does not hold.

    Personal data (names, telephone numbers, plates, crews) goes into attachments, never into the notice.

    Example:
      openline send activity.toml --key alpha.key
    """
    with spoken_errors(), Desk(key, node, node_key) as desk:
        written = read_notice_file(file)
        if sentence := ending_sentence(desk.key, SystemClock().now_ms()):
            err.print(printable(sentence), style="yellow", markup=False)
        desk.look()
        attachments, waiting = [salted(path) for path in attach or ()], Waiting(key)
        for attachment in attachments:
            waiting.keep(attachment)
        fields = written.fields
        if attachments:
            fields["attachments"] = [*fields.get("attachments", ()), *(a.field for a in attachments)]
        envelope = desk.pen.notice(
            fields,
            identifier=written.id or SystemEntropy().token(),
            agreement=(written.agreement, written.version),
            at_ms=SystemClock().now_ms(),
        )
        try:
            receipt = desk.tell(envelope)
        except Refusal:
            for attachment in attachments:
                waiting.sent(attachment.digest)
            raise
        desk.custody.take(receipt, envelope, SystemClock().now_ms())
        failure = _send_attachments(desk, waiting, [a.digest for a in attachments])
    if json:
        print_json(receipt | {"alarms": alarms_json(desk.custody)})
    else:
        _print_receipt(receipt, [a.digest for a in attachments])
        say_custody(desk.custody)
    if failure is not None:
        err.print(f"The notice is recorded; an attachment is not at the node yet: {failure}", markup=False)
        err.print("  Send it again: openline attachment send DIGEST --key FILE", markup=False)
        raise typer.Exit(FINDING)
    end_with(desk.custody)


def ending_sentence(key: KeyFile, at_ms: int) -> str:
    """That a key speaks for less than a day from now, or no more, as its file says; empty when it says neither."""
    try:
        end_ms = read_instant(key.validity.not_after, path="not_after")
    except OpenlineError:
        return ""
    if end_ms - at_ms >= DAY_MS:
        return ""
    when = f"ends at {to_text(end_ms)}" if at_ms < end_ms else f"ended at {to_text(end_ms)}"
    return f"Your key as {key.role} of {key.party} {when}. Have the next one made."


def _send_attachments(desk: Desk, waiting: Waiting, digests: list[str]) -> OpenlineError | None:
    """The notice is recorded whatever becomes of what travels beside it: a failure is said, not raised."""
    try:
        if digests:
            desk.open_session()
            send_waiting(desk, waiting, digests)
    except OpenlineError as error:
        return error
    return None


def _print_receipt(receipt: dict[str, Any], digests: list[str]) -> None:
    say_drill(is_drill=receipt.get("drill", False))
    again = " It had been told before; nothing new was recorded." if receipt["duplicate"] else ""
    out.print(f"Recorded as entry {receipt['index']} at {receipt['recorded_at']}.{again}", markup=False)
    for flag in receipt["flags"]:
        out.print(f"  flagged {flag}: {flag_words(FlagCode(flag))}", style="yellow", markup=False)
    for digest in digests:
        out.print(f"  attached {digest}", markup=False)
    out.print(CAVEAT["en"], style="italic")


def watch(
    key: Key,
    node: Node = DEFAULT_NODE,
    after: Annotated[int, typer.Option(min=-1, help="Show what came after this entry; -1 shows everything.")] = -1,
    count: Annotated[int, typer.Option(min=0, help="Stop after so many events; 0 goes on.")] = 0,
    json: Json = False,
    lang: Lang = LanguageChoice.en,
) -> None:
    """Show what you are told, as it comes. Ends with Ctrl-C.

    Example:
      openline watch --key alpha.key
    """
    with spoken_errors(), Desk(key, node) as desk:
        passing = Passing(desk, as_json=json)
        try:
            passing.check()
            seen = 0
            for event in followed(desk, after, _say_lost):
                print_json(event) if json else _print_event(event, lang.value)
                passing.check()
                seen += "index" in event
                if count and seen >= count:
                    return
        except KeyboardInterrupt:
            out.print("Stopped watching. Alerts that are open stay open.")


def ack(
    alert: Annotated[str, typer.Argument(help="The alert's id, or its first characters.")],
    key: Key,
    node: Node = DEFAULT_NODE,
    node_key: NodeKey = "",
    json: Json = False,
) -> None:
    """Acknowledge an alert: you have read it, at the precedence that it has now. It is neither consent nor permission.

    Example:
      openline ack 6c58b4a6 --key alpha.key
    """
    with spoken_errors(), Desk(key, node, node_key) as desk:
        desk.look()
        desk.open_session()
        found = [held for held in desk.alerts()["alerts"] if alert and held["alert"].startswith(alert)]
        if len(found) != 1:
            raise NotFound(
                "ALERT_UNKNOWN",
                "no open alert of yours begins so" if not found else "more than one of your alerts begins so",
                remedy="See `openline status --key FILE`.",
            )
        envelope = desk.pen.acknowledgement(
            alert=found[0]["alert"],
            precedence=found[0]["precedence"],
            identifier=SystemEntropy().token(),
            at_ms=SystemClock().now_ms(),
        )
        receipt = desk.acknowledge(envelope)
        desk.custody.take(receipt, envelope, SystemClock().now_ms())
    if json:
        print_json(receipt | {"alarms": alarms_json(desk.custody)})
        end_with(desk.custody)
        return
    out.print(
        f"Recorded as entry {receipt['index']}: {desk.key.role} has read alert {found[0]['alert']}.", markup=False
    )
    say_custody(desk.custody)
    end_with(desk.custody)


def status(
    node: Node = DEFAULT_NODE,
    key: Annotated[Path | None, typer.Option(help="Your key file, to see your open alerts.")] = None,
    json: Json = False,
) -> None:
    """Say whether the node is ready and which of your alerts are open.

    Exit status 1 when it is not ready, an alert of yours is not acknowledged, or a promise of the node is not kept.

    Example:
      openline status --key alpha.key
    """
    with spoken_errors():
        ready, document = node_state(node)
        alerts: list[dict[str, Any]] = []
        is_drill = False
        custody: Custody | None = None
        if ready and key is not None:
            with Desk(key, node) as desk:
                desk.look()
                desk.open_session()
                found = desk.alerts()
                alerts, is_drill = found["alerts"], found["drill"]
                desk.custody.review(SystemClock().now_ms())
                custody = desk.custody
    if json:
        alarms = [] if custody is None else alarms_json(custody)
        print_json({"ready": ready, "drill": is_drill, "node": document, "alerts": alerts, "alarms": alarms})
    else:
        say_drill(is_drill=is_drill)
        _print_status(ready=ready, document=document, alerts=alerts, has_key=key is not None)
        if custody is not None:
            say_custody(custody)
    if custody is not None:
        end_with(custody)
    if not ready or any(not held["acknowledged"] for held in alerts):
        raise typer.Exit(FINDING)


def _print_status(*, ready: bool, document: dict[str, Any], alerts: list[dict[str, Any]], has_key: bool) -> None:
    if ready:
        out.print("The node is ready.", style="green")
        if sentence := witness_sentence(document):
            out.print(sentence, markup=False)
    else:
        out.print(
            f"The node is not ready: {document.get('detail', 'it does not say why')}", style="bold red", markup=False
        )
    if not has_key:
        return
    if not alerts:
        out.print("No alert of yours is open.")
    for held in alerts:
        state = "acknowledged" if held["acknowledged"] else f"answer due {held['answer_due'] or 'overdue'}"
        times = f" x{held['count']}" if held["count"] > 1 else ""
        out.print(f"  {held['precedence']:<10} {held['alert']}  {held['reason']}{times}  {state}", markup=False)
    out.print(CAVEAT["en"], style="italic")


def witness_sentence(ready: dict[str, Any]) -> str:
    """How far the record is witnessed, and by how many, as the node says; empty when nobody is to witness it."""
    counts = ready.get("witnesses", {})
    asked = sum(counts.values())
    standing = f"{counts.get('answering', 0)} of {asked} witnesses answer"
    if counts.get("trouble"):
        standing += f"; with {counts['trouble']} something is wrong, ask the node's operator"
    if ready.get("witnessed") is None:
        return f"No agreement asks for witnesses; {standing}." if asked else ""
    return f"Witnessed: {ready['witnessed']} of {ready['entries']} entries; {standing}."


def _say_lost(reason: str) -> None:
    err.print(
        f"The line to the node is lost: {reason}. Trying again; telephone meanwhile.", style="bold red", markup=False
    )


def _print_event(event: dict[str, Any], language: str) -> None:
    words = event.get("text", {})
    said = words.get(language, event["kind"]) if isinstance(words, dict) else words
    mark = "DRILL  " if event.get("drill", False) else ""
    place = f"#{event['index']}" if "index" in event else "the record"
    line = f"{mark}{event.get('at', '')}  {place}  {event.get('precedence', ''):<10}{said}"
    out.print(printable(line), markup=False)
