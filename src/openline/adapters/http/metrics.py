"""Counts for whoever watches the node, in a registry of its own. No label names a party."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from openline.adapters.http.feeds import Feeds
from openline.adapters.http.witnessed import witness_view
from openline.node.cosigning import Cosigners
from openline.node.journal import Output
from openline.node.sequencer import Sequencer

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """What is counted as it happens, and what is looked up when somebody asks."""

    def __init__(self, sequencer: Sequencer, feeds: Feeds, cosigners: Cosigners | None = None) -> None:
        """Count the commits of the sequencer's line from now on."""
        # When each counter was made is of no use to anybody, and doubles the text.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = CollectorRegistry(auto_describe=False)
        told = Counter("openline_notices", "Notices taken.", ["outcome"], registry=self._registry)
        read = Counter("openline_acknowledgements", "Acknowledgements taken.", ["outcome"], registry=self._registry)
        said = Counter("openline_declarations", "Declarations taken.", ["outcome"], registry=self._registry)
        keys = Counter("openline_key_documents", "Key documents taken.", ["outcome"], registry=self._registry)
        self._keys = keys.labels("recorded"), keys.labels("duplicate")
        self._said = said.labels("recorded"), said.labels("duplicate")
        self._told = told.labels("recorded"), told.labels("duplicate")
        self._read = read.labels("recorded"), read.labels("duplicate")
        self._refusals = Counter("openline_refusals", "Problems sent, by code.", ["code"], registry=self._registry)
        self._commits = Counter("openline_commits", "Commits that are on disk.", registry=self._registry)
        self._entries = Counter("openline_entries", "Entries recorded by this process.", registry=self._registry)
        self._registry.register(_Present(sequencer, feeds, cosigners))
        sequencer.line.listen(self._published)

    def count_notice(self, *, is_duplicate: bool) -> None:
        """A notice was taken."""
        self._told[is_duplicate].inc()

    def count_acknowledgement(self, *, is_duplicate: bool) -> None:
        """An acknowledgement was taken."""
        self._read[is_duplicate].inc()

    def count_declaration(self, *, is_duplicate: bool) -> None:
        """A declaration was taken."""
        self._said[is_duplicate].inc()

    def count_key_document(self, *, is_duplicate: bool) -> None:
        """A key document was taken."""
        self._keys[is_duplicate].inc()

    def count_refusal(self, code: str) -> None:
        """A problem was sent."""
        self._refusals.labels(code).inc()

    def text(self) -> bytes:
        """All of it, in the text format of Prometheus."""
        return generate_latest(self._registry)

    def _published(self, outputs: list[tuple[int, Output]]) -> None:
        self._commits.inc()
        self._entries.inc(len(outputs))


class _Present(Collector):
    """What is so at the moment of asking."""

    def __init__(self, sequencer: Sequencer, feeds: Feeds, cosigners: Cosigners | None) -> None:
        self._sequencer = sequencer
        self._feeds = feeds
        self._cosigners = cosigners

    def collect(self) -> Iterator[CounterMetricFamily | GaugeMetricFamily]:
        line = self._sequencer.line
        yield GaugeMetricFamily("openline_queue_length", "Inputs that wait.", value=self._sequencer.waiting)
        lanes = self._sequencer.lanes
        yield GaugeMetricFamily("openline_urgent_waiting", "Inputs that no load turns away.", value=lanes.urgent)
        yield CounterMetricFamily("openline_urgent_repeats", "Repeats of what waited already.", value=lanes.repeats)
        yield GaugeMetricFamily("openline_streams", "Feeds being read.", value=self._feeds.streams)
        yield GaugeMetricFamily("openline_fenced", "1 while the node takes nothing.", value=int(line.is_fenced))
        yield GaugeMetricFamily("openline_ledger_entries", "Entries of the ledger.", value=line.committed)
        yield from self._witnesses()

    def _witnesses(self) -> Iterator[GaugeMetricFamily]:
        view = witness_view(self._sequencer.line, self._sequencer.clock.now_ms(), self._cosigners)
        counts = GaugeMetricFamily("openline_witnesses", "Witnesses asked, by how they stand.", labels=["state"])
        for state, count in msgspec.structs.asdict(view.witnesses).items():
            counts.add_metric([state], count)
        yield counts
        if view.witnessed is not None:
            says = "Entries witnessed under every agreement in force that asks for it."
            yield GaugeMetricFamily("openline_witnessed_entries", says, value=view.witnessed)
            says = "Entries worth witnessing that are not witnessed yet."
            yield GaugeMetricFamily("openline_witness_lag", says, value=view.lag)
