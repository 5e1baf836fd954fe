"""Metrics in the form of Prometheus: counts and times by labels of a few fixed values, never by patient, user or URL.

One process holds one set. Several processes are several targets for Prometheus, which adds them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from cds.dosing.regimen import Regimen
from hooks.operations.call import Call

_PREFIX = "nusinersen_cds"
# CDS Hooks asks for an answer in the order of 500 ms; the reading from a FHIR server ends after 4 s by default.
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The counters of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._calls = self._counter("calls", "Answered calls by their outcome", "service", "hook", "site", "outcome")
        self._cards = self._counter("cards", "Cards found, by kind", "service", "hook", "site", "kind")
        self._refused = self._counter("refused_callers", "Requests that were not let in, by reason", "reason")
        self._reads = self._counter("fhir_requests", "Requests to FHIR servers by how they ended", "asked", "outcome")
        self._seconds = Histogram(
            f"{_PREFIX}_call_seconds",
            "Time from the arrival of a call to the end of its answer",
            ("service",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        # by so few labels that each is looked up once: the library takes locks for it
        self._count_call, self._count_card = cache(self._calls.labels), cache(self._cards.labels)
        self._times = cache(self._seconds.labels)
        self._in_flight = Gauge(f"{_PREFIX}_calls_in_flight", "Calls being answered", registry=self.registry)
        self._read_at_scrape = _ReadAtScrape()
        self.registry.register(self._read_at_scrape)

    def began(self) -> None:
        """A request to one of the services has arrived."""
        self._in_flight.inc()

    def ended(self, call: Call, seconds: float) -> None:
        """It was answered."""
        self._in_flight.dec()
        self._count_call(call.service, call.hook, call.site, call.outcome).inc()
        self._times(call.service).observe(seconds)
        for kind in call.cards:
            self._count_card(call.service, call.hook, call.site, kind).inc()

    def refused(self, reason: str) -> None:
        """A request was not let in. The reasons are a closed list, and nothing of the request."""
        self._refused.labels(reason).inc()

    def asked(self, what: str, outcome: str) -> None:
        """A FHIR server was asked: what for, in words without ids, and how it ended."""
        self._reads.labels(what, outcome).inc()

    def show_regimens(self, loaded: Iterable[Regimen], used: Iterable[str]) -> None:
        """Every loaded regimen with its version and the digest of its files: 1 where a site judges by it, else 0."""
        labels = ("regimen", "version", "digest")
        regimens = Gauge(f"{_PREFIX}_regimen", "Loaded regimens; 1: in use", labels, registry=self.registry)
        in_use = frozenset(used)
        for regimen in loaded:
            regimens.labels(regimen.id, regimen.version, regimen.digest).set(regimen.id in in_use)

    def add(self, name: str, what: str, read: Callable[[], float], *, grows: bool = False) -> None:
        """A number that is read when the metrics are asked for: quick, and safe to read from another thread. `grows`:
        it counts, and never falls while the process lives."""
        self._read_at_scrape.families[name] = (CounterMetricFamily if grows else GaugeMetricFamily, what, read)

    def page(self, accept: str) -> tuple[bytes, str]:
        """The metrics, and their media type, in the form that an Accept header asks for."""
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"{_PREFIX}_{name}", what, labels, registry=self.registry)


class _ReadAtScrape:
    """Numbers that other parts keep. One that cannot be read is left out, which an alert on its absence sees."""

    def __init__(self) -> None:
        self.families: dict[str, tuple[type[GaugeMetricFamily | CounterMetricFamily], str, Callable[[], float]]] = {}

    def collect(self) -> Iterator[Metric]:
        """What Prometheus' library calls for each page."""
        for name, (family, what, read) in self.families.items():
            try:
                value = read()
            except Exception:  # noqa: BLE001,S112  one number that fails must not cost the whole page
                continue
            yield family(f"{_PREFIX}_{name}", what, value=value)
