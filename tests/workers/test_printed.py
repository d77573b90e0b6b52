"""What child processes print: escaped, bounded, and never waited for."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

from structlog.testing import capture_logs

from outdial.domain.clock import utc_now
from outdial.workers.child import Child, Health
from outdial.workers.printed import LINES_PER_S, MAX_LINE_BYTES, Printed


async def written_down(output: Sequence[bytes], seconds: Callable[[], float] | None = None) -> list[Any]:
    """The log lines that come of it, piece by piece."""
    with capture_logs() as logs:
        printed = Printed(seconds)
        printed.about(pid=1)
        for piece in output:
            os.write(printed.sink, piece)
            await asyncio.sleep(0)
        os.close(printed.sink)
        printed.close()
        printed.close()
    return logs


class TestALine:
    async def test_is_a_log_line_with_nothing_that_steers_a_terminal(self) -> None:
        (line,) = await written_down([b"From: \x1b]0;owned\x07 <sip:\xff", b"\x00x>\r\n"])

        assert line["text"] == "From: \\x1b]0;owned\\x07 <sip:\ufffd\\x00x>"
        assert (line["event"], line["pid"], line["log_level"]) == ("a child process printed", 1, "warning")

    async def test_without_an_end_is_written_down_when_the_child_has_ended(self) -> None:
        assert [line["text"] for line in await written_down([b"one\n\n\ntw", b"o"])] == ["one", "two"]

    async def test_that_is_long_is_cut(self) -> None:
        (line,) = await written_down([b"x" * 20_000, b"y" * 20_000, b"\n"])

        assert line["text"] == "x" * MAX_LINE_BYTES
        assert line["cut"] is True

    async def test_beyond_the_share_of_a_second_is_counted(self) -> None:
        moments = iter([0.0, *[0.0] * (LINES_PER_S + 7), 1.0])
        logs = await written_down([b"x\n" * (LINES_PER_S + 7), b"y\n"], lambda: next(moments))

        assert len(logs) == LINES_PER_S + 1
        assert (logs[-1]["text"], logs[-1]["lines_left_out"]) == ("y", 7)


class TestAPipeThatIsFull:
    async def test_costs_the_child_its_words_and_not_its_time(self) -> None:
        printed = Printed()
        fill = "import os\ntry:\n    while True: os.write(1, b'x' * 4096)\nexcept BlockingIOError: print('on', end='')"
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", fill), stdout=printed.sink, stderr=asyncio.subprocess.PIPE
        )
        # Nobody reads: this process is busy.
        printed_nothing = asyncio.get_running_loop().remove_reader(printed._source)
        async with asyncio.timeout(30):
            await child.communicate()

        assert printed_nothing
        os.close(printed.sink)
        printed.close()


class TestAChild:
    async def test_has_what_it_prints_in_the_log_of_its_parent(self) -> None:
        talks = "import os; os.write(1, b'native \\x1b[31mwords\\n')"
        with capture_logs() as logs:
            child = Child([sys.executable, "-c", talks], Health(), utc_now, lambda: None)
            await child.run()

        said = [line for line in logs if line["event"] == "a child process printed"]
        assert [(line["text"], line["pid"]) for line in said] == [("native \\x1b[31mwords", child.pid)]
