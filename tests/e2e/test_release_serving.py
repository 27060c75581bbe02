"""What users notice of releases: nothing. And a control, in which they do."""

from dataclasses import dataclass

import pytest

from tests.e2e.clients.pods import Clients
from tests.e2e.clients.report import MOST_REDIALLED, Report
from tests.e2e.stage import Document, Stage, server_template
from tests.e2e.test_lost_pods import behave

pytestmark = pytest.mark.e2e

RATE = 100
"""Requests per second, of each of two clients."""
SETTLED = 3 * RATE
"""A request is given up after two seconds, and clients report once a second."""
STAYS: Document = {
    "steps": [{"benchmark": {}}, {"weight": 50, "for": "10m"}],
    "progressDeadline": "60s",
}


def is_noticed(report: Report, before: Report | None = None) -> bool:
    """Whether users noticed something, since an earlier report."""
    failed, redialled = (before.failed, before.redialled) if before else (0, 0)
    return report.failed > failed or report.redialled > redialled + MOST_REDIALLED


# It comes first, while nobody else calls.
def test_without_drain_and_pre_stop_users_do_notice(stage: Stage) -> None:
    """The control: a promotion with what protects users switched off must show failures."""

    def hasty(version: str) -> Document:
        template = server_template(version)
        container = template["spec"]["containers"][0]
        container["lifecycle"] = {"preStop": {"sleep": {"seconds": 0}}}
        return template

    rollout: Document = {
        "steps": [{"benchmark": {}}, {"weight": 50, "for": "1s"}],
        "drainDelay": "0s",
    }
    stage.declare("one", replicas=2, template=hasty("one"), rollout=rollout)
    stage.until_promoted("one")
    clients = stage.clients(RATE, at_least=0)
    clients.start()
    former = stage.status["stable"]["revision"]
    stage.declare("two", replicas=2, template=hasty("two"), rollout=rollout)
    stage.until_promoted("two")
    stage.until_gone(former)
    reports = clients.stop()
    assert any(map(is_noticed, reports)), reports


@dataclass(frozen=True)
class Users:
    """Clients that call on while one release follows the other."""

    stage: Stage
    clients: Clients

    def release(self, version: str, rollout: Document) -> None:
        """Begin a release, and wait until it has users."""
        self.stage.declare(version, replicas=2, rollout=rollout)
        self.stage.wait(
            f"users meet {version}",
            lambda: any(version in report.answered for report in self.clients.reports()),
        )

    def noticed_nothing_since(self, before: list[Report]) -> dict[str, set[str]]:
        """Demand it, and return which versions answered, by kind of connection."""
        after = before

        def settled() -> bool:
            nonlocal after
            after = self.clients.reports()
            return all(a.sent > b.sent + SETTLED for a, b in zip(after, ended, strict=True))

        ended = self.clients.reports()
        self.stage.wait("all that was asked is answered", settled)
        seen = "\n".join(report.to_json() for report in (*before, *after))
        noticed = any(map(is_noticed, after, before))
        assert not noticed, f"{seen}\n{self.stage.account()}"
        return {
            now.connections: {
                version
                for version, answers in now.answered.items()
                if answers > then.answered.get(version, 0)
            }
            for now, then in zip(after, before, strict=True)
        }

    @property
    def stable(self) -> tuple[str, str]:
        """Version and revision of what serves."""
        stable = self.stage.status["stable"]
        return stable["version"], stable["revision"]


@pytest.fixture(scope="module")
def users(shared_stage: Stage) -> Users:
    """A first version serves, and is called from now on."""
    shared_stage.declare("one", replicas=2)
    shared_stage.until_promoted("one")
    clients = shared_stage.clients(RATE, at_least=0)
    clients.start()
    return Users(shared_stage, clients)


def test_a_promotion_fails_no_request_on_new_or_kept_connections(users: Users) -> None:
    before, (version, revision) = users.clients.reports(), users.stable
    users.stage.declare("promoted", replicas=2)
    users.stage.until_promoted("promoted")
    users.stage.until_gone(revision)
    both = {version, "promoted"}
    assert users.noticed_nothing_since(before) == {"new": both, "kept": both}


def test_an_abort_in_a_weight_step_fails_no_request(users: Users) -> None:
    before, (version, _) = users.clients.reports(), users.stable
    users.release("aborted", STAYS)
    users.stage.verb("abort")
    users.stage.until_rolled_back("aborted")
    assert users.noticed_nothing_since(before)["new"] == {version, "aborted"}
    assert users.stage.status["failedRevision"]["reason"] == "Aborted"


def test_a_candidate_that_turns_unready_while_it_answers_fails_no_request(users: Users) -> None:
    before, (version, _) = users.clients.reports(), users.stable
    users.release("unready", STAYS)
    behave(users.stage, users.stage.status["candidate"]["revision"], ready=False)
    users.stage.declare("unready", replicas=2, rollout=STAYS | {"progressDeadline": "5s"})
    users.stage.until_rolled_back("unready")
    assert users.noticed_nothing_since(before)["new"] == {version, "unready"}
    assert users.stage.status["failedRevision"]["reason"] == "Unready"
