"""What every API model shares."""

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

GROUP = "modelward.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"


class ApiModel(BaseModel):
    """A frozen model with camelCase names on the wire; unknown keys are ignored.

    Ignoring unknown keys lets an older operator read objects that a newer schema stored.
    """

    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        use_attribute_docstrings=True,
        extra="ignore",
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the JSON document as the API server takes it: camelCase, no null members."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
