"""Reading data sets: what is cached for how long, and what is said about what is wrong."""

import base64

import pytest

from modelward.api.modeldeployment import ConfigMapKey, Dataset
from modelward.benchmark.rows import sha256_of
from modelward.cluster import errors
from modelward.cluster.observe.datasets import FRESH_PROBLEM_SECONDS, FRESH_SECONDS, Datasets
from tests.unit.fake_api import FakeApi

ROWS = '{"id": "1", "inputs": [], "expected": 1}\n'
GOLDEN = Dataset(name="golden", config_map=ConfigMapKey(name="fraud-golden", key="rows.jsonl"))


class Bench:
    """Data sets on a fake API server and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.api = FakeApi()
        self.now = 1000.0
        self.datasets = Datasets(self.api, lambda: self.now)

    def put(self, **members: dict[str, str]) -> None:
        metadata = {"name": "fraud-golden", "namespace": "ml"}
        self.api.put({"kind": "ConfigMap", "metadata": metadata, **members})

    async def digest(self) -> str | None:
        return (await self.datasets.read("ml", [GOLDEN]))["golden"].sha256

    async def problem(self) -> str:
        state = (await self.datasets.read("ml", [GOLDEN]))["golden"]
        assert state.sha256 is None
        return state.problem or ""


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_well_formed_rows_have_the_digest_of_their_bytes(bench: Bench) -> None:
    bench.put(data={"rows.jsonl": ROWS})
    assert await bench.digest() == sha256_of(ROWS.encode())


async def test_binary_data_is_read_as_bytes(bench: Bench) -> None:
    bench.put(binaryData={"rows.jsonl": base64.b64encode(ROWS.encode()).decode()})
    assert await bench.digest() == sha256_of(ROWS.encode())


async def test_a_change_is_seen_after_a_minute_and_costs_one_request_until_then(
    bench: Bench,
) -> None:
    bench.put(data={"rows.jsonl": ROWS})
    before = await bench.digest()
    bench.put(data={"rows.jsonl": ROWS * 1 + '{"id": "2", "inputs": [], "expected": 0}\n'})
    bench.now += FRESH_SECONDS - 1
    assert await bench.digest() == before
    assert len(bench.api.requests) == 1
    bench.now += 1
    assert await bench.digest() not in (before, None)


async def test_something_wrong_is_looked_at_again_sooner(bench: Bench) -> None:
    assert "does not exist" in await bench.problem()
    bench.put(data={"rows.jsonl": ROWS})
    bench.now += FRESH_PROBLEM_SECONDS
    assert await bench.digest() == sha256_of(ROWS.encode())


async def test_a_missing_config_map_is_named_with_what_to_do(bench: Bench) -> None:
    assert await bench.problem() == (
        "ConfigMap fraud-golden does not exist in namespace ml; create it, or correct "
        "configMap.name"
    )


@pytest.mark.parametrize(
    ("data", "has"), [({"other": "", "another": ""}, "it has another, other"), ({}, "it is empty")]
)
async def test_a_missing_key_is_named_beside_those_that_are_there(
    bench: Bench, data: dict[str, str], has: str
) -> None:
    bench.put(data=data)
    assert await bench.problem() == (
        f"ConfigMap fraud-golden has no key rows.jsonl ({has}); add it, or correct configMap.key"
    )


async def test_a_malformed_row_is_named_by_its_line(bench: Bench) -> None:
    bench.put(data={"rows.jsonl": ROWS + "nonsense\n"})
    assert "ConfigMap fraud-golden, key rows.jsonl, line 2" in await bench.problem()


async def test_a_config_map_that_may_not_be_read_is_the_user_s_to_know(bench: Bench) -> None:
    bench.api.failures["get", "ConfigMap"] = errors.ForbiddenError("RBAC says no", 403)
    assert "the operator may not read ConfigMap fraud-golden: RBAC says no" in await bench.problem()


async def test_a_busy_api_server_is_no_problem_of_the_data_set(bench: Bench) -> None:
    bench.api.failures["get", "ConfigMap"] = errors.UnavailableError("busy", 503)
    with pytest.raises(errors.UnavailableError):
        await bench.datasets.read("ml", [GOLDEN])
