"""Beginnings that many tests share are played once; each test gets a copy to go on from."""

import copy
import json
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def played_once(play: Callable[P, T]) -> Callable[P, T]:
    """Wrap what plays a beginning from JSON values, so that the same ones are played once."""
    played: dict[str, T] = {}

    @wraps(play)
    def copied(*arguments: P.args, **named: P.kwargs) -> T:
        key = json.dumps([arguments, named])
        if key not in played:
            played[key] = play(*arguments, **named)
        return copy.deepcopy(played[key])

    return copied
