"""The few pages for people: what this node is, and what a code means. No script, nothing from elsewhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.routing import BaseRoute

from openline import __version__
from openline.adapters.http.answers import ASKED_AGAIN, Answer
from openline.adapters.http.doors import get
from openline.adapters.http.problems import PROBLEMS_AT, not_found, title_of
from openline.adapters.http.statuses import STATUSES
from openline.core.errors import CODES, Retry
from openline.release.phrases import CAVEAT

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1.125rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 0 auto; padding: 1.5rem; }
.drill { background: #7a3e00; color: #fff; font-size: 2rem; font-weight: 700; text-align: center; padding: 1rem; }
.caveat { border-left: .4rem solid currentColor; padding-left: 1rem; font-weight: 600; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
"""
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HTML = "text/html; charset=utf-8"

_DRILL = """<p class="drill" role="status">DRILL: nothing here is real.<br>
<span lang="fr">EXERCICE : rien ici n’est réel.</span></p>"""

_RETRY = {
    Retry.NEVER: "Sending the same again does not help.",
    Retry.AFTER_CHANGE: "Change it, then send it again.",
    Retry.LATER: "Send the same again a little later.",
}

_LINKS = """<ul>
<li><a href="/openapi.json">The interface, as OpenAPI</a></li>
<li><a href="/checkpoint">The ledger’s present checkpoint</a></li>
<li><a href="/readyz">Whether the node takes notices</a></li>
<li><a href="/metrics">What the node counts</a></li>
</ul>"""


class Pages:
    """The front page and the page of each code."""

    def __init__(self, origin: str, *, is_drill: bool) -> None:
        """`origin` is the ledger's identity."""
        self._is_drill = is_drill
        self._front = self._page("Openline", _front(origin))

    def routes(self) -> list[BaseRoute]:
        """The addresses that a browser opens."""
        return [get("/", self._show_front), get(f"{PROBLEMS_AT}{{code}}", self._show_problem)]

    async def _show_front(self, _: Request) -> Answer:
        return self._front

    async def _show_problem(self, request: Request) -> Answer:
        code = request.path_params["code"]
        if code not in STATUSES:
            raise not_found()
        return self._page(code, _problem(code))

    def _page(self, title: str, content: str) -> Answer:
        banner = _DRILL if self._is_drill else ""
        text = (
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<style>{_STYLE}</style>\n</head>\n<body>\n{banner}\n<main>\n{content}\n</main>\n</body>\n</html>\n"
        )
        return Answer(200, text.encode(), _HTML, ASKED_AGAIN, _POLICY)


def _front(origin: str) -> str:
    return f"""<h1>Openline</h1>
<p>This is a node of the line that stays open for safety: parties tell it of activities and of people on the ground, it
warns both sides of conflicts, asks for an answer, and keeps one record that neither side can bend.</p>
<p lang="fr">Ceci est un nœud de la ligne qui reste ouverte pour la sécurité : les parties y annoncent activités et
personnes au sol, il avertit les deux côtés des conflits, demande une réponse et tient un seul registre.</p>
<div class="caveat">
<p>{escape(CAVEAT["en"])}</p>
<p lang="fr">{escape(CAVEAT["fr"])}</p>
</div>
<p>Ledger <code>{escape(origin)}</code>, Openline {escape(__version__)}.</p>
{_LINKS}"""


def _problem(code: str) -> str:
    return f"""<h1><code>{escape(code)}</code></h1>
<p>{escape(title_of(code))}.</p>
<p>{_RETRY[CODES[code].retry]}</p>
<p>HTTP status {STATUSES[code].number}. <a href="/">About this node</a></p>"""
