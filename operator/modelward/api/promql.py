"""What people write of PromQL: selectors, which Modelward narrows and counts, and expressions."""

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from modelward.api.cel import text
from modelward.api.values import BUCKETS_FORM, SELECTOR_FORM, check_buckets, check_selector

_LONGEST = 512

Selector = Annotated[
    str,
    AfterValidator(check_selector),
    WithJsonSchema(
        text(
            SELECTOR_FORM,
            "say a selector of raw counters, such as requests_total or requests_total"
            '{code=~"5.."}: Modelward itself counts from scrape to scrape of each pod, so that '
            "there is no sum(), rate() or [5m] in it",
            _LONGEST,
        )
    ),
]
"""A PromQL selector of raw counters."""

Buckets = Annotated[
    str,
    AfterValidator(check_buckets),
    WithJsonSchema(
        text(
            BUCKETS_FORM,
            "say a selector of the buckets of a histogram, such as request_duration_seconds_bucket"
            '{path="/predict"}: Modelward itself counts from scrape to scrape, so that there is no '
            "rate() in it",
            _LONGEST,
        )
    ),
]
"""A PromQL selector of the buckets of a classic histogram."""

Expression = Annotated[str, Field(min_length=1, max_length=1024)]
"""Any PromQL."""
