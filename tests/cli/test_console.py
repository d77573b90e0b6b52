"""What commands print of what strangers sent."""

from __future__ import annotations

import io

from rich.text import Text

from outdial.cli.console import SafeConsole


def printed(*said: object, **options: object) -> str:
    sink = io.StringIO()
    SafeConsole(file=sink, width=80, **options).print(*said)
    return sink.getvalue()


class TestAConsole:
    def test_lets_nothing_that_is_stored_steer_the_terminal(self) -> None:
        assert printed("name: \x1b[2J\x00Sam\u202e", soft_wrap=True) == "name: \\x1b[2J\\x00Sam\\u202e\n"
        assert printed(Text("\x1b]0;owned\x1b")) == "\\x1b]0;owned\\x1b\n"

    def test_reads_no_markup_in_it(self) -> None:
        assert printed("[bold]x[/] [link=http://a.test]y :smile:") == "[bold]x[/] [link=http://a.test]y :smile:\n"

    def test_keeps_its_own_colours(self) -> None:
        assert printed(Text("ok", "green"), force_terminal=True, color_system="standard") == "\x1b[32mok\x1b[0m\n"
