"""How many pods of which revision: a weight as a share of the ready pods.

One function per way: `forward` towards a weight, `ready_to_close` on the way back. Both look only
at what is there now, so that they can be asked again after any interruption.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from modelward.api.values import count_of


@dataclass(frozen=True)
class Bounds:
    """What a release may add to and take from the size in force, in pods."""

    size: int
    """R: pods that serve users in the ordinary state, at least 1."""
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """The most ready endpoints on the way forward."""
        return self.size + self.surge

    @property
    def least(self) -> int:
        """The fewest ready endpoints on the way forward; one at least."""
        return max(1, self.size - self.unavailable)


def bounds(size: int, max_surge: int | str, max_unavailable: int | str) -> Bounds:
    """Resolve percentages as Deployments do: surge rounds up, unavailable down, not both 0.

    A single replica counts as a surge of at least 1: there is no other way to never have none.

    >>> bounds(3, "25%", 0)
    Bounds(size=3, surge=1, unavailable=0)
    >>> bounds(10, 0, "5%")
    Bounds(size=10, surge=0, unavailable=1)
    """
    surge = count_of(max_surge, size, round_up=True)
    unavailable = min(size, count_of(max_unavailable, size, round_up=False))
    if size == 1:
        surge = max(1, surge)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Bounds(size, surge, unavailable)


@dataclass(frozen=True)
class Pods:
    """The pods of one revision."""

    desired: int = 0
    """What its ReplicaSet was last asked for."""
    present: int = 0
    """Pods that exist and are not terminating."""
    ready: int = 0
    available: int = 0
    """Ready for minReadySeconds."""


@dataclass(frozen=True)
class Shares:
    """How many pods each revision is wanted to have."""

    stable: int
    candidate: int


def target(limits: Bounds, weight: int) -> Shares:
    """Return the pods at which a weight is reached.

    One stable pod stays to the end, and the candidate leaves room for it within the bounds.

    >>> target(bounds(3, 1, 0), 10), target(bounds(1, 1, 0), 10), target(bounds(10, 3, 0), 25)
    (Shares(stable=2, candidate=1), Shares(stable=1, candidate=1), Shares(stable=7, candidate=3))
    """
    wanted = max(1, ceil(Fraction(limits.size * weight, 100)))
    candidate = min(limits.size, wanted, limits.most - 1)
    return Shares(stable=max(1, limits.size - candidate), candidate=candidate)


@dataclass(frozen=True)
class Forward:
    """The next step towards a weight."""

    shares: Shares
    open: bool
    """Whether users may reach the candidate."""
    reached: bool
    """The weight is reached: the pods are there, available and open."""


def forward(limits: Bounds, weight: int, stable: Pods, candidate: Pods, is_open: bool) -> Forward:
    """Take the next step towards a weight, within the bounds of ready endpoints.

    A closed candidate is first brought to as many pods as may be opened at once, then opened; after
    that it grows as room allows while the stable one shrinks as availability allows.
    """
    goal = target(limits, weight)
    if not is_open:
        return _opening(limits, goal, stable, candidate)
    shares = Shares(
        stable=max(goal.stable, min(limits.size, limits.least - candidate.available)),
        candidate=min(goal.candidate, max(candidate.desired, limits.most - stable.present)),
    )
    if stable.ready == 0:
        kept = max(goal.stable, min(limits.size, stable.desired))
        return Forward(Shares(kept, candidate.desired), open=True, reached=False)
    # Pods of the stable revision that are still there have a share, too.
    settled = stable.desired == shares.stable and stable.present <= shares.stable
    settled = settled and candidate.desired == goal.candidate
    reached = settled and candidate.available >= goal.candidate
    return Forward(shares, open=True, reached=reached)


def hold(limits: Bounds, step: Forward, stable: Pods, candidate: Pods, is_open: bool) -> Forward:
    """Take back of a step what would move the weight forward; scaling up and repair go on."""
    if not is_open:
        return Forward(Shares(limits.size, max(1, candidate.desired)), open=False, reached=False)
    shares = Shares(
        stable=max(step.shares.stable, stable.desired),
        candidate=min(step.shares.candidate, candidate.desired),
    )
    return Forward(shares, open=True, reached=False)


def _opening(limits: Bounds, goal: Shares, stable: Pods, candidate: Pods) -> Forward:
    batch = min(goal.candidate, max(1, limits.surge))
    room = limits.most - batch
    shares = Shares(stable=min(limits.size, room), candidate=batch)
    ready = candidate.available >= batch and candidate.present <= batch
    has_room = stable.present <= max(room, 1)
    return Forward(shares, open=ready and has_room, reached=False)


def ready_to_close(limits: Bounds, stable: Pods, candidate: Pods, urgent: bool) -> bool:
    """Tell whether the stable pods can take all users back.

    Urgently (the candidate was shown to be bad) half of the size is enough: one pod must not get
    the load of ten. Otherwise the ordinary availability is waited for. A candidate without ready
    pods answers nobody, so that nothing is gained by waiting.
    """
    if candidate.ready == 0:
        return True
    needed = Fraction(limits.size, 2) if urgent else limits.least
    return stable.ready >= max(needed, 1)
