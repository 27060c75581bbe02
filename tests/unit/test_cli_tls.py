"""`modelward benchmark run` against servers that speak TLS."""

from pathlib import Path

import pytest

from tests.unit.authority import Authority
from tests.unit.kpis import ACCURACY_VERSUS
from tests.unit.laptop import (
    ACCURACY,
    ERRORS,
    ROWS,
    deployment,
    make_quick,
    measure,
    with_rows,
    write,
)
from tests.unit.model_server import ModelServer, serving


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    make_quick(monkeypatch)
    return with_rows(tmp_path, monkeypatch)


def test_a_version_and_stable_are_measured_over_tls(
    place: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY, ERRORS, ACCURACY_VERSUS))
    tls = authority.issue("model").context()
    ca = ("--ca-file", str(authority.certificate.file))
    with serving(ModelServer(tls=tls)) as url, serving(ModelServer(tls=tls)) as stable:
        assert url.startswith("https://")
        assert measure(url, *ROWS, *ca, "--baseline", stable) == 0
    assert "Every gate holds" in capsys.readouterr().out


def test_a_server_that_nobody_vouches_for_is_not_measured_and_it_says_what_to_do(
    place: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    write(place, deployment(ACCURACY))
    with serving(ModelServer(tls=authority.issue("model").context())) as url:
        assert measure(url, *ROWS) == 2
    told = capsys.readouterr().out
    assert "can't be reached: certificate not trusted; say --ca-file FILE" in told
    assert f"openssl s_client -showcerts -connect {url.removeprefix('https://')}" in told


@pytest.mark.parametrize(
    ("url", "file", "told"),
    [
        ("https://127.0.0.1:1", "none.pem", "--ca-file none.pem can't be read: No such file"),
        ("https://127.0.0.1:1", "rows.jsonl", "rows.jsonl: holds no certificate in PEM form"),
        (
            "http://127.0.0.1:1",
            "rows.jsonl",
            "--ca-file: neither --target nor --baseline begins with https://",
        ),
    ],
)
def test_a_file_of_certificates_that_can_t_be_used_is_named(
    place: Path, capsys: pytest.CaptureFixture[str], url: str, file: str, told: str
) -> None:
    write(place, deployment(ACCURACY))
    assert measure(url, *ROWS, "--ca-file", file) == 64
    assert told in capsys.readouterr().err
