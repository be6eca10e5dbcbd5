"""From the start of a POST to the alert on the other party's feed."""

from __future__ import annotations

import asyncio
import json
import time

import httpx

from bench.service_parts.traffic import AGREEMENT
from openline.app.pen import Pen
from openline.core.time import DAY_MS, HOUR_MS, to_text


async def alert_latencies(port: int, writers: list[Pen], count: int, now_ms: int) -> list[float]:
    """Milliseconds of `count` alerts: one party tells a presence, the other an activity over it, the first hears."""
    protector, flyer = writers
    base = f"http://127.0.0.1:{port}"
    begun: dict[str, float] = {}
    waits: list[float] = []
    heard = asyncio.Event()
    async with httpx.AsyncClient(base_url=base, timeout=30) as client:
        await _open_session(client, protector)
        listening = asyncio.create_task(_listen(base, client.headers["Authorization"], begun, waits, heard, count))
        for number in range(count):
            place = {"lat": round(5 + number * 0.02, 4), "lng": 10.0}
            presence = _volume(place, now_ms, lower=None)
            name = f"alert-{number:06d}"
            raw = protector.notice(
                {"type": "ground_presence", "mobility": "static", "protection_class": "troops", "volumes": [presence]},
                identifier=name,
                agreement=AGREEMENT,
                at_ms=now_ms,
            )
            (await client.post("/notices", content=raw)).raise_for_status()
            activity = _volume(place, now_ms, lower={"reference": "SFC"})
            raw = flyer.notice(
                {"type": "air_activity", "volumes": [activity]},
                identifier=f"over-{number:06d}",
                agreement=AGREEMENT,
                at_ms=now_ms,
            )
            heard.clear()
            begun[name] = time.perf_counter()
            (await client.post("/notices", content=raw)).raise_for_status()
            await asyncio.wait_for(heard.wait(), 10)
        await listening
    return waits


def _volume(place: dict[str, float], now_ms: int, lower: dict[str, str] | None) -> dict[str, object]:
    altitudes = {} if lower is None else {"altitude_lower": lower, "altitude_upper": {"reference": "UNL"}}
    return {
        "outline_circle": {"center": place, "radius": {"value": 200, "units": "M"}},
        "time_start": to_text(now_ms + 3 * HOUR_MS),
        "time_end": to_text(now_ms + DAY_MS),
        **altitudes,
    }


async def _open_session(client: httpx.AsyncClient, pen: Pen) -> None:
    challenge = (await client.post("/sessions/challenge")).json()["challenge"]
    session = (await client.post("/sessions", content=pen.session(challenge))).json()
    client.headers["Authorization"] = f"Bearer {session['token']}"


async def _listen(
    base: str, token: str, begun: dict[str, float], waits: list[float], heard: asyncio.Event, count: int
) -> None:
    async with (
        httpx.AsyncClient(base_url=base, timeout=None) as client,  # noqa: S113 - a feed waits
        client.stream("GET", "/feed", headers={"Authorization": token}) as response,
    ):
        async for line in response.aiter_lines():
            if not line.startswith("data:"):
                continue
            event = json.loads(line[5:])
            if event.get("kind") == "alert" and event["notice"] in begun:
                waits.append((time.perf_counter() - begun[event["notice"]]) * 1e3)
                heard.set()
                if len(waits) == count:
                    return
