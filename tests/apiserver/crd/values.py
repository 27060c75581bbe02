"""For each CEL rule about a single value: values that it takes, and that it refuses."""

from tests.apiserver.crd.paths import Json

VALUES: dict[str, tuple[tuple[Json, ...], tuple[Json, ...]]] = {
    "say a percentage above 0%": (("5%", "0.1%", "49.9%"), (5, "5", "0%", "50%", "0.05", "5 %")),
    "say a value with its unit": ((), (92, "-0.5", "1e3", ".92", "101%", "250 ms", "721h", "-1%")),
    "say percentage points up to": (
        ("0pp", "0.5pp", "1pp", "50pp", "49.999999pp"),
        (
            1,
            "1.",
            "0%",
            "901%",
            "50.1pp",
            "100pp",
            "1 pp",
            "-1pp",
            "pp",
            "0.0000001pp",
            "0s",
            "0.000ms",
            "5 ms",
        ),
    ),
    "say a duration such as": (
        ("0s", "250ms", "1.5s", "1h30m", "720h"),
        (2, "2", "2 s", "-2s", "2d", "720h0.001s", ""),
    ),
    "say a duration above 0s": (("1ms", "20m", "1h30m"), (20, "20", "0s", "-1m", "721h", "1w")),
    "say a rate from": (("20/s", "0.1/s", "3000/s"), (20, "20", "0/s", "3001/s", "20/m", "-1/s")),
    "say the rate to begin with": ((), (1, "1", "0/s", "3001/s", "20/m", "-1/s")),
    "say a quantile from": ((), (95, "95", "0.95", "p49", "p100", "p99.99", "p95%", "P95")),
    "say a label as it stands": (("fraud", 0, 1, "true"), ("",)),
    "say a number of pods": ((0, 1, 1000, "0%", "25%", "100%"), (-1, 1001, "1", "101%", "2.5%")),
    "say a name in lower case": (
        (),
        ("Golden", "1st", "a.b", "a_b", "a-", "-a", "", "a b", "ä"),
    ),
    "say the name of an object": (("a", "1", "a-1.b"), ("Fraud", "a..b", "-a", "a_b", "", "a/b")),
    "say the name of a Service": (("a", "a-1"), ("1a", "a.b", "A", "a-", "")),
    "say a key of the ConfigMap": (("a", "A_b-c.d"), ("", "a/b", "a b")),
    "say the name that the model server uses": (
        ("a", "Fraud_1.2-x", "org/model:8b"),
        ("", "/a", ".a", "a b"),
    ),
    "say a path that begins": (("/", "/v1/predict"), ("", "predict", "/a b", "/a?b=c", "/a#b")),
    "say the path of a file on the volume": (
        ("a", "golden/rows.parquet", "a b/..c"),
        ("", "/a", " a", "..", "a/../b", "a\nb"),
    ),
    "say where the file is": (
        (
            "s3://golden/a/rows.jsonl",
            "gs://golden/rows",
            "az://golden/rows",
            "hf://datasets/owner/name@refs%2Fconvert%2Fparquet/a.parquet",
            "https://files.example:8443/rows.csv?signature=s",
            "http://files/",
        ),
        (
            "",
            "rows.jsonl",
            "file:///etc/passwd",
            "ftp://a/b",
            "s3://golden",
            "s3://golden/a/",
            "https://user:password@files.example/rows",
            "https://files.example",
            "hf://datasets/owner/name",
            "hf://owner/name/rows.jsonl",
        ),
    ),
    "say a size in Mi or Gi": (("500Mi", "20Gi", "1Gi"), ("20", "0Gi", "1.5Gi", "20GB", "1Ti")),
    "say the name of an environment variable": (("a", "AWS_REGION"), ("", "1A", "A-B", "A B")),
    "say the sha256": (("0" * 64,), ("0" * 63, "A" * 64, "")),
    "say the revision's hash": (("x7f9k2m4q1",), ("", "X", "a-b")),
    "say a selector of raw counters": (
        ("a:b_total", "requests_total{}", 'r{a=\'b\', c!="d\\"e", f!~"g|h",}'),
        (
            "",
            "rate(requests_total[5m])",
            "sum(a)",
            "a[5m]",
            "a offset 5m",
            "a + b",
            "a{b}",
            '{__name__="a"}',
            'a{b="c"',
            'a{b="c"} or d{e="f"}',
            'a{b=~"c"}[1m]',
            "a b",
        ),
    ),
    "say a selector of the buckets of a histogram": (
        ("a:b_bucket", "a_seconds_bucket{}", 'a_bucket{path="/predict",}'),
        (
            "",
            "request_duration_seconds",
            "a_bucketful",
            "rate(a_bucket[5m])",
            "histogram_quantile(0.95, a_bucket)",
            'a_bucket{b="c"} or d_bucket',
            '{__name__="a_bucket"}',
        ),
    ),
    "say a decimal above 0": (("0.05", "0.4999"), ("0", "0.0", "0.5", "1", "5%", ".05", "5e-2")),
    "modelward.dev/ is the operator's own prefix": (
        ({}, {"team": "risk"}, {"example.com/modelward.dev": "x"}),
        ({"modelward.dev/name": "x"}, {"modelward.dev/run": "x"}),
    ),
}
"""By the beginning of the rule's message, wherever it stands.

Where no value is given to be taken, other rules of the KPI have a say: its examples show them.
"""
