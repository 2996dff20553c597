"""Reads /metrics with the parser of Prometheus' own Python library, strictly, and looks at names and figures.

    check.py http://ADDRESS
"""

import sys
from urllib.request import urlopen

from prometheus_client.openmetrics.parser import text_string_to_metric_families

# https://prometheus.io/docs/practices/naming/
BASE_UNITS = ("_seconds", "_bytes")
OTHER_UNITS = ("_ms", "_milliseconds", "_minutes", "_kb", "_mb", "_kib", "_mib")


def main(address: str) -> None:
    with urlopen(f"{address}/metrics") as answer:
        text = answer.read().decode()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert len(families) > 20, sorted(families)
    for name, family in families.items():
        assert name.startswith(("quorate_", "process_")), name
        assert family.documentation and family.type != "unknown", name
        assert not name.endswith(OTHER_UNITS), name
        assert name.endswith(BASE_UNITS) == (family.unit != ""), (name, family.unit)
        for sample in family.samples:
            for label, value in sample.labels.items():
                assert len(value) < 80, (name, label, value)

    def total(name: str, **labels: str) -> float:
        samples = families[name.removesuffix("_total").removesuffix("_count")].samples
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    # A crowd was here.
    assert total("quorate_commands_total", outcome="ok") > 0
    assert total("quorate_commands_total", outcome="failed") == 0
    assert total("quorate_events_committed_total") > total("quorate_commits_total") > 0
    assert total("quorate_commit_duration_seconds_count") >= total("quorate_commits_total")
    assert total("quorate_http_requests_total", route="/ws", status="101") > 0
    assert total("quorate_sockets_closed_total", reason="slow_consumer") == 0
    assert total("process_resident_memory_bytes") > 1 << 20
    print(f"metrics: {len(families)} families read, 0 wrong")


main(sys.argv[1])
