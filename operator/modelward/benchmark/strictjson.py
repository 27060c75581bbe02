"""The strict JSON of modelward.strictjson, as this room's other modules know it."""

from modelward.strictjson import Json, StrictJsonError, loads_exact, loads_floats, loads_integers

__all__ = ["Json", "StrictJsonError", "loads_exact", "loads_floats", "loads_integers"]
