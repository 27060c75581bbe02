"""Metrics as Prometheus would read them."""

from collections import Counter
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample


@dataclass(frozen=True)
class Scraped:
    """All samples of one scrape."""

    samples: tuple[Sample, ...]

    @classmethod
    def of(cls, text: str) -> "Scraped":
        families = text_string_to_metric_families(text)
        return cls(tuple(sample for family in families for sample in family.samples))

    def all(self, name: str, /, **labels: str) -> list[Sample]:
        """The samples of this name that have at least these labels."""
        return [s for s in self.samples if s.name == name and labels.items() <= s.labels.items()]

    def value(self, name: str, /, **labels: str) -> float:
        """The only such sample's value."""
        (sample,) = self.all(name, **labels)
        return sample.value

    def by(self, name: str, *labels: str) -> Counter[tuple[str, ...]]:
        """What is not 0, by the values of these labels; samples that differ in others are added."""
        counts: Counter[tuple[str, ...]] = Counter()
        for sample in self.all(name):
            counts[tuple(sample.labels[label] for label in labels)] += int(sample.value)
        return +counts


def connected_since(now: Scraped) -> dict[str, float]:
    """Return when each watch that stands was answered, as Unix time, by what it watches."""
    told = now.all("modelward_watch_connected_timestamp_seconds")
    return {sample.labels["resource"]: sample.value for sample in told if sample.value}
