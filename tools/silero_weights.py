"""Takes the 16 kHz weights out of the published ONNX file, as ``outdial/conversation/silero.py`` reads them.

python tools/silero_weights.py silero_vad.onnx silero_16k.npz          (needs the package onnx)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import onnx
from onnx import numpy_helper

_BRANCH: Final = "If_0_then_branch__Inline_0__"
"""The branch the network takes at 16 kHz."""


def constants(graph: Any) -> Iterator[tuple[str, Any]]:
    """Every constant of the graph and of those inside it, by name."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR:
                yield node.output[0], numpy_helper.to_array(attribute.t)
            elif attribute.type == onnx.AttributeProto.GRAPH:
                yield from constants(attribute.g)


def main() -> None:
    model, weights = sys.argv[1:]
    found = {
        name.removeprefix(_BRANCH): value
        for name, value in constants(onnx.load(model).graph)
        if name.startswith(_BRANCH) and value.dtype == np.float32 and (value.size > 1 or "decoder.decoder" in name)
    }
    np.savez(weights, **found)


if __name__ == "__main__":
    main()
