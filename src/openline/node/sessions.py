"""Who reads: a challenge, its signed answer, a token that lasts for a while. In memory only: a restart ends them all.

A challenge carries its own end and the node's mark, so handing out challenges keeps nothing: only answers that a
party's key has signed take up room, each party its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from hashlib import sha256

from msgspec import Struct

from openline.core.errors import NotAuthenticated
from openline.core.time import MINUTE_MS, to_text
from openline.node.ports import Clock, Entropy

CHALLENGE_LIFE_MS = 2 * MINUTE_MS
"""How long a challenge may be answered."""
SESSION_LIFE_MS = 15 * MINUTE_MS
"""How long a token is good for."""
SESSIONS_PER_PARTY = 64
"""Open sessions of one party; one more ends its oldest."""
ANSWERS_PER_PARTY = 256
"""Answered challenges of one party that are remembered, so that none is answered twice."""
CHALLENGE_MAX_CHARS = 100
"""Longest text that is looked at as a challenge."""

_MARK_HEX_DIGITS = 32


class Challenge(Struct, frozen=True, kw_only=True):
    """A text to sign, and until when."""

    text: str
    expires_ms: int


class Session(Struct, frozen=True, kw_only=True):
    """Whoever holds the token reads for this party and role."""

    party: str
    role: str
    expires_ms: int
    key: str = ""
    """Id of the key that opened it."""


class Sessions:
    """Challenges and sessions. Tokens are kept, and found, by their hash."""

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        """Start with none."""
        self._clock = clock
        self._entropy = entropy
        self._key = entropy.token().encode()
        self._by_party: dict[str, dict[bytes, Session]] = {}
        self._by_token: dict[bytes, Session] = {}
        self._answered: dict[str, dict[str, int]] = {}
        self._is_revoked: Callable[[str], bool] = lambda _: False

    def end_with(self, is_revoked: Callable[[str], bool]) -> None:
        """End every session whose key, by its id, is found to be revoked from now on."""
        self._is_revoked = is_revoked

    def __len__(self) -> int:
        """How many sessions are kept, run out or not."""
        return len(self._by_token)

    def challenge(self) -> Challenge:
        """Give a fresh challenge; nothing is kept of it."""
        expires_ms = self._clock.now_ms() + CHALLENGE_LIFE_MS
        text = f"{expires_ms:x}.{self._entropy.token()}"
        return Challenge(text=f"{text}.{self._mark(text)}", expires_ms=expires_ms)

    def open(self, party: str, role: str, challenge: str, key: str = "") -> tuple[str, Session]:
        """A token and its session, for a challenge that a key of the party's role has signed.

        Raises:
            NotAuthenticated: CHALLENGE_UNKNOWN.
        """
        now_ms = self._clock.now_ms()
        self._use_up(party, challenge, now_ms)
        token = self._entropy.token()
        session = Session(party=party, role=role, expires_ms=now_ms + SESSION_LIFE_MS, key=key)
        held = self._by_party.setdefault(party, {})
        for digest in [d for d, s in held.items() if s.expires_ms <= now_ms]:
            self._end(held, digest)
        if len(held) >= SESSIONS_PER_PARTY:
            self._end(held, next(iter(held)))
        digest = _digest(token)
        held[digest] = self._by_token[digest] = session
        return token, session

    def find(self, token: str) -> Session:
        """The session of a token.

        Raises:
            NotAuthenticated: SESSION_EXPIRED, also for a token that never was one.
        """
        session = self._by_token.get(_digest(token))
        if session is None or self.has_expired(session):
            raise NotAuthenticated(
                "SESSION_EXPIRED",
                "the token is not known here or has run out",
                path="Authorization",
                remedy="Ask for a challenge and sign it to open a new session.",
            )
        return session

    def has_expired(self, session: Session) -> bool:
        """True from the moment that its token is good for nothing."""
        return session.expires_ms <= self._clock.now_ms() or self._is_revoked(session.key)

    def left_ms(self, session: Session) -> int:
        """How long it still lasts; 0 when it has run out."""
        return max(0, session.expires_ms - self._clock.now_ms())

    def _use_up(self, party: str, challenge: str, now_ms: int) -> None:
        text, _, mark = challenge.rpartition(".")
        end, _, _ = text.partition(".")
        is_ours = len(challenge) <= CHALLENGE_MAX_CHARS and hmac.compare_digest(
            mark.encode(), self._mark(text).encode()
        )
        expires_ms = int(end, 16) if is_ours else 0
        if expires_ms <= now_ms:
            raise _unknown("was not given by this node or has run out")
        used = self._answered.setdefault(party, {})
        for old in [old for old, until_ms in used.items() if until_ms <= now_ms]:
            del used[old]
        if text in used:
            raise _unknown("has been answered already")
        if len(used) >= ANSWERS_PER_PARTY:
            raise NotAuthenticated(
                "LIMIT_EXCEEDED",
                f"the party has opened {ANSWERS_PER_PARTY} sessions in the last minutes",
                remedy=f"Use a session that is open, or come back after {to_text(min(used.values()))}.",
            )
        used[text] = expires_ms

    def _mark(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:_MARK_HEX_DIGITS]

    def _end(self, held: dict[bytes, Session], digest: bytes) -> None:
        del held[digest]
        del self._by_token[digest]


def _digest(token: str) -> bytes:
    """Looking up a hash takes as long for a token that is almost right as for any other."""
    return sha256(token.encode()).digest()


def _unknown(what: str) -> NotAuthenticated:
    return NotAuthenticated(
        "CHALLENGE_UNKNOWN",
        f"the challenge {what}",
        path="challenge",
        remedy="Ask for a new challenge; sign it within two minutes, once.",
    )
