"""What a reading process does first: gives up what it must not use."""

from __future__ import annotations

import logging
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from outdial.domain.errors import Refused

UNREADABLE: Final = 3
"""The status of a process that says why it cannot read the file."""
_MEMORY_BYTES: Final = 1024 * 1024 * 1024
_CPU_S: Final = 60
_NICER: Final = 10


def read_in_here(read: Callable[[], Iterator[str]], otherwise: str) -> NoReturn:
    """Write what ``read`` yields to stdout as UTF-8 and end. ``otherwise``: what is said when a library gives up."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Calls go first, and when the machine has no memory left this is the process to end.
    os.nice(_NICER)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    logging.disable()
    out = sys.stdout.buffer
    status = 0
    try:
        for text in read():
            out.write(text.encode("utf-8", "replace"))
    except Refused as refusal:
        status, said = UNREADABLE, str(refusal)
    except MemoryError:
        status, said = UNREADABLE, "reading it takes more memory than it may"
    except Exception:  # libraries that read what strangers wrote raise anything
        status, said = UNREADABLE, otherwise
    if status:
        # What came before is not the file's text: the reason stands alone, on the other pipe.
        sys.stderr.buffer.write(said.encode("utf-8", "replace"))
    out.flush()
    sys.stderr.flush()
    os._exit(status)
