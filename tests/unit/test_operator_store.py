"""The store: of each object the latest state, whoever told of it, in whatever order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.cluster.documents import uid, version
from modelward.cluster.essence import JOB_UID_LABEL
from modelward.cluster.kinds import MODEL_DEPLOYMENT, POD, REPLICA_SET
from modelward.cluster.store import Store
from modelward.writes import Document


def document(its_uid: str, at: int, *, name: str = "", owner: str = "", **labels: str) -> Document:
    metadata: dict[str, Any] = {
        "uid": its_uid,
        "name": name or its_uid,
        "namespace": "ml",
        "resourceVersion": str(at),
        "labels": {key.replace("_", "/"): value for key, value in labels.items()},
    }
    if owner:
        metadata["ownerReferences"] = [
            {"uid": "somebody-else"},
            {"uid": owner, "controller": True},
        ]
    return {"metadata": metadata}


@pytest.fixture
def store() -> Store:
    return Store()


def found(store: Store, owner: str = "mdep") -> list[tuple[str, int]]:
    return [(uid(each), version(each)) for each in store.controlled_by(REPLICA_SET, owner)]


def test_what_was_written_counts_at_once(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    assert found(store) == [("a", 5)]


def test_a_late_event_does_not_hide_a_later_write(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 9, owner="mdep"))
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    assert found(store) == [("a", 9)]


def test_versions_are_compared_as_numbers(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 9, owner="mdep"))
    store.learn(REPLICA_SET, document("a", 10, owner="mdep"))
    assert found(store) == [("a", 10)]


def test_what_we_deleted_stays_gone_though_the_watch_still_tells_of_it(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 5, name="x", owner="mdep"))
    store.bury(REPLICA_SET, "a")
    store.learn(REPLICA_SET, document("a", 6, name="x", owner="mdep"))
    assert found(store) == []


def test_a_namesake_of_what_we_deleted_is_another_object(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 5, name="x", owner="mdep"))
    store.bury(REPLICA_SET, "a")
    store.learn(REPLICA_SET, document("b", 7, name="x", owner="mdep"))
    store.forget(REPLICA_SET, "a")
    assert found(store) == [("b", 7)]


def test_what_others_deleted_is_gone_although_we_wrote_it(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    store.forget(REPLICA_SET, "a")
    assert found(store) == []
    assert store.versions(REPLICA_SET) == {}


def test_an_object_that_changed_its_owner_is_found_under_the_new_one_only(store: Store) -> None:
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    store.learn(REPLICA_SET, document("a", 6, owner="another"))
    assert found(store, "another") == [("a", 6)]
    assert found(store, "mdep") == []


def test_of_two_objects_of_one_name_the_later_one_is_meant(store: Store) -> None:
    store.learn(MODEL_DEPLOYMENT, document("new", 9, name="fraud"))
    store.learn(MODEL_DEPLOYMENT, document("old", 5, name="fraud"))
    current = store.get(MODEL_DEPLOYMENT, "ml", "fraud")
    assert current is not None
    assert uid(current) == "new"
    assert store.get(MODEL_DEPLOYMENT, "other", "fraud") is None


def test_a_pod_that_only_says_by_label_that_it_is_a_job_s_is_found(store: Store) -> None:
    labelled = document("forged", 4)
    labelled["metadata"]["labels"] = {JOB_UID_LABEL: "job"}
    store.learn(POD, labelled)
    store.learn(POD, document("made", 3, owner="job"))
    assert [uid(pod) for pod in store.pods_of_job("job")] == ["forged", "made"]
    assert [uid(pod) for pod in store.controlled_by(POD, "job")] == ["made"]


def test_managed_fields_are_not_kept(store: Store) -> None:
    written = document("a", 5, owner="mdep")
    written["metadata"]["managedFields"] = [{"manager": "modelward"}]
    store.learn(REPLICA_SET, written)
    assert "managedFields" not in store.controlled_by(REPLICA_SET, "mdep")[0]["metadata"]


def test_a_burial_that_the_watch_never_confirms_is_kept_for_one_tidying_and_then_forgotten(
    store: Store,
) -> None:
    store.bury(REPLICA_SET, "a")
    store.tidy()
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    assert found(store) == []
    store.tidy()
    store.learn(REPLICA_SET, document("a", 5, owner="mdep"))
    assert found(store) == [("a", 5)]


Happening = st.tuples(
    st.sampled_from(["we write", "others write", "we delete", "others delete"]),
    st.sampled_from("ab"),
    st.integers(min_value=0, max_value=4),
)


@given(st.lists(Happening, max_size=30))
def test_the_store_is_never_behind_our_own_writes_and_agrees_once_the_watch_has_caught_up(
    happenings: list[tuple[str, str, int]],
) -> None:
    """A model: the API server's true state, and a watch that lags behind by some events."""
    store = Store()

    def watch_tells(seen: Document, *, gone: bool) -> None:
        if gone:
            store.forget(REPLICA_SET, uid(seen))
        else:
            store.learn(REPLICA_SET, seen)

    truth: dict[str, Document] = {}
    events: list[tuple[Document, bool]] = []
    ours: dict[str, int] = {}
    for at, (what, name, delivered) in enumerate(happenings, start=1):
        if what.endswith("write"):
            its_uid = uid(truth[name]) if name in truth else f"{name}{at}"
            truth[name] = document(its_uid, at, name=name, owner="mdep")
            events.append((truth[name], False))
            if what == "we write":
                store.learn(REPLICA_SET, truth[name])
                ours[its_uid] = at
        elif name in truth:
            gone = truth.pop(name)
            events.append((gone, True))
            ours.pop(uid(gone), None)
            if what == "we delete":
                store.bury(REPLICA_SET, uid(gone))
                assert uid(gone) not in dict(found(store))
        for seen, is_gone in events[:delivered]:
            watch_tells(seen, gone=is_gone)
        del events[:delivered]
        for its_uid, written_at in ours.items():
            assert dict(found(store)).get(its_uid, 0) >= written_at
    for seen, is_gone in events:
        watch_tells(seen, gone=is_gone)
    assert sorted(found(store)) == sorted((uid(d), version(d)) for d in truth.values())
