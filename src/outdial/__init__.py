"""Outdial: the open, self-hosted platform for AI outbound phone calls."""

import os

# onnxruntime's wheels report home unless told not to before their first import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
# numpy's matrix products run in the thread that asks for them: more threads would only take cores from other calls.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
