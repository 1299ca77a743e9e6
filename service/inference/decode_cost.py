"""What a picture costs to decode, estimated from a short look at its header.

It says where a picture is decoded and counts it against its request's limits. The look is that of
the decoder's own reader of headers: what one says the other obeys.
"""

from dataclasses import dataclass

from pipeline.shared import pixels

LIGHT_PIXELS = 2_000_000
LIGHT_BYTES = 1_000_000
"""A picture within both takes some 50 ms, and as PNG 100: a thread decodes it."""


@dataclass(frozen=True, slots=True)
class DecodeCost:
    """``pixels`` of a PNG take as long; what is not light may take seconds, or much memory."""

    pixels: int
    is_light: bool


def estimate_cost(data: bytes) -> DecodeCost:
    """The cost of the picture in ``data``; nothing for bytes that the reader of headers refuses."""
    try:
        measure = pixels.measure_image(data)
    except pixels.ImageError:
        return DecodeCost(0, is_light=len(data) <= LIGHT_BYTES)
    if measure is None:
        return DecodeCost(0, is_light=False)
    is_small = measure.pixels <= LIGHT_PIXELS and len(data) <= LIGHT_BYTES
    return DecodeCost(int(measure.pixels * measure.share), measure.is_usual and is_small)
