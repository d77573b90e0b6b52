"""How long a process has said nothing, as far as a watcher can tell who may have stood still itself."""

from __future__ import annotations


class Silence:
    """Times are seconds of a monotonic clock, such as ``loop.time``.

    A watcher that stood still finds everybody silent: what they said meanwhile waits in its sockets. So after a stall
    of its own the silence begins anew, once; only what is said ends it for good. A process that is really dead is
    found out one interval later, even by a watcher that stalls again and again.
    """

    def __init__(self, now_s: float) -> None:
        self._since_s = now_s
        self._excused = False

    def broken(self, now_s: float) -> None:
        """Something was heard."""
        self._since_s = now_s
        self._excused = False

    def stalled(self, now_s: float) -> None:
        """The watcher itself stood still until now."""
        if not self._excused:
            self._since_s = now_s
            self._excused = True

    def lasted_s(self, now_s: float) -> float:
        return now_s - self._since_s
