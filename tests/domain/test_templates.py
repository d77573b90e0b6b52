"""Variables in an agent's words: one pass, nothing for what is missing, tidy blanks, values untouched."""

from __future__ import annotations

import time
import timeit
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.templates import (
    Rendered,
    names_in,
    odd_placeholders,
    render,
    render_tree,
    rendered_letters,
    spoken,
)

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
PLAIN = st.text(st.characters(exclude_characters="{}@", exclude_categories=["Cs"]), max_size=20)


class TestAPlaceholder:
    @pytest.mark.parametrize(
        "written",
        ["@{{name}}", "{{name}}", "{{ name }}", "@{{  name}}", "{{\tname }}", "{{\nname\n}}", "{{\u200bname\ufeff}}"],
    )
    def test_is_replaced_however_it_is_written(self, written: str) -> None:
        assert render(f"Hello {written}, welcome.", {"name": "Jack"}) == Rendered("Hello Jack, welcome.")

    def test_is_replaced_everywhere(self) -> None:
        assert render("{{a}} and {{a}} and @{{a}}", {"a": "x"}).text == "x and x and x"

    def test_is_matched_by_case(self) -> None:
        assert render("{{Name}}", {"name": "Jack"}) == Rendered("", ("Name",))

    @pytest.mark.parametrize("text", ["{name}", "{ {name} }", "[name]", "{{name", "name}}"])
    def test_is_nothing_else(self, text: str) -> None:
        assert render(text, {"name": "Jack"}) == Rendered(text)

    def test_with_an_at_sign_after_a_word_keeps_the_word(self) -> None:
        assert render("mail me@@{{host}}", {"host": "x.test"}).text == "mail me@x.test"


class TestAnOddPlaceholder:
    @pytest.mark.parametrize(
        ("inside", "values"),
        [
            ("First Name", {"First Name": "Jack"}),
            (" First  Name ", {"First Name": "Jack"}),
            ("order.name", {"order": {"name": "Jack"}}),
            ("order.name", {"order.name": "Jack"}),
            ("a.b.c", {"a": {"b": {"c": "Jack"}}}),
            ("größe", {"größe": "Jack"}),
            ("2nd", {"2nd": "Jack"}),
            ("{name}", {"name": "Jack"}),
        ],
    )
    def test_is_filled_where_the_call_brings_just_that(self, inside: str, values: dict[str, Any]) -> None:
        assert render(f"Hello {{{{{inside}}}}}, welcome.", values).text == "Hello Jack, welcome."

    @pytest.mark.parametrize(
        "inside",
        [
            "First Name",
            "order.id",
            " name | default ",
            "name|upper",
            "",
            " ",
            "#if name",
            "/if",
            "name:x",
            "a, b",
            "2+2",
        ],
    )
    def test_is_else_never_spoken_and_named(self, inside: str) -> None:
        text = f"Hello {{{{{inside}}}}}, welcome."

        assert render(text, {"name": "Jack", "order": "x"}).text == "Hello, welcome."
        assert odd_placeholders(text) == (" ".join(inside.split()) or "{{}}",)

    def test_that_is_no_pair_of_braces_is_named(self) -> None:
        assert odd_placeholders("Hello {{name, and {{ok}} you}}") == ("{{", "}}")

    @pytest.mark.parametrize("written", ["{name}", "{First Name}", "${name}", "{% if name %}", "<%= name %>"])
    def test_of_another_tool_is_named(self, written: str) -> None:
        assert odd_placeholders(f"Hello {written}, welcome.") == (written,)

    @pytest.mark.parametrize("text", ['{"name": 1}', "{}", "{ }", "{1}", "f({x: y})", "50% < 60% > 1", "{{name}}"])
    def test_is_no_other_use_of_braces(self, text: str) -> None:
        assert odd_placeholders(text) == ()

    def test_that_a_call_could_fill_is_among_the_names(self) -> None:
        assert names_in("{{First Name}} {{a.b}} {{x | y}} {{}}") == ("First Name", "a.b")

    @pytest.mark.parametrize(
        "piece", ["{", "{{", "{{{", "{{ ", "@{{", "{{a", "}}", "{{a}", "{{a}}", "{a", "${a ", "{%", "<%"]
    )
    def test_is_looked_for_in_time_that_grows_with_the_length(self, piece: str) -> None:
        def seconds(letters: int) -> float:
            text = piece * (letters // len(piece))
            return min(timeit.repeat(lambda: odd_placeholders(text), number=1, repeat=3, timer=time.process_time))

        assert seconds(400_000) < 40 * max(seconds(40_000), 0.002)


class TestAValue:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ("$3605.20", "$3605.20"),
            (" two  blanks ", " two  blanks "),
            (3, "3"),
            (2.5, "2.5"),
            (3605.20, "3605.2"),
            (3.0, "3"),
            (1e21, "1000000000000000000000"),
            (1.5e-7, "0.00000015"),
            (True, "true"),
            (False, "false"),
            (None, ""),
            ([1, "ü"], '[1,"ü"]'),
            ({"a": {"b": None}}, '{"a":{"b":null}}'),
        ],
    )
    def test_is_spoken_by_its_type(self, value: Any, words: str) -> None:
        assert spoken(value) == words

    def test_is_never_expanded_again(self) -> None:
        assert render("{{a}}{{b}}", {"a": "{{b}}", "b": "{{a}}"}).text == "{{b}}{{a}}"

    def test_keeps_its_own_blanks_beside_a_gap(self) -> None:
        assert render("{{a}} {{gone}} {{b}}", {"a": "x ", "b": " y"}).text == "x   y"


class TestAMissingValue:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("Hello {{gone}}, how are you?", "Hello, how are you?"),
            ("Hello {{gone}} again", "Hello again"),
            ("Hello  {{gone}}  again", "Hello again"),
            ("{{gone}} Hello", "Hello"),
            ("Goodbye {{gone}}", "Goodbye"),
            ("Goodbye {{gone}} !", "Goodbye!"),
            ("Hello {{gone}} {{lost}} you", "Hello you"),
            ("Hello {{gone}} {{lost}}.", "Hello."),
            ("pre{{gone}}fix", "prefix"),
            ("one\n{{gone}} two", "one\ntwo"),
            ("one {{gone}}\n  two", "one\n  two"),
            ("Hi  there {{gone}}.", "Hi  there."),
            ("{{gone}}", ""),
        ],
    )
    def test_is_said_as_nothing_and_leaves_tidy_blanks(self, text: str, said: str) -> None:
        assert render(text, {}).text == said

    def test_is_reported_once_in_order(self) -> None:
        assert render("{{b}} {{a}} {{b}} {{c}}", {"c": None}).missing == ("b", "a", "c")

    def test_is_not_the_same_as_an_empty_value(self) -> None:
        assert render("Hello {{a}}.", {"a": ""}) == Rendered("Hello.")


class TestRendering:
    @given(PLAIN)
    def test_leaves_texts_without_placeholders_alone(self, text: str) -> None:
        assert render(text, {}) == Rendered(text)

    @given(st.lists(st.tuples(PLAIN, NAMES)), PLAIN, st.dictionaries(NAMES, PLAIN))
    def test_leaves_no_braces_whatever_is_missing(
        self, pieces: list[tuple[str, str]], end: str, values: dict[str, str]
    ) -> None:
        text = "".join(f"{plain}@{{{{{name}}}}}" for plain, name in pieces) + end

        rendered = render(text, values)

        assert "{" not in rendered.text
        assert set(rendered.missing) == {name for _, name in pieces if name not in values}

    @given(st.lists(st.tuples(PLAIN, NAMES)), PLAIN)
    def test_with_every_value_given_only_replaces(self, pieces: list[tuple[str, str]], end: str) -> None:
        text = "".join(f"{plain}{{{{{name}}}}}" for plain, name in pieces) + end
        values = {name: f"<{name}>{{{{x}}}}" for _, name in pieces}

        rendered = render(text, values)

        assert rendered == Rendered("".join(plain + values[name] for plain, name in pieces) + end)

    @given(st.lists(NAMES))
    def test_finds_the_names_a_text_refers_to(self, names: list[str]) -> None:
        text = " ".join(f"{{{{ {name} }}}}" for name in names)

        assert names_in(text) == tuple(dict.fromkeys(names))

    def test_reaches_every_string_of_a_tree_but_no_names(self) -> None:
        tree = {"{{a}}": ["{{a}}", {"deep": "@{{a}}"}, 3, None], "left": "{{a}}", "inside": {"left": ["{{a}}"]}}

        rendered = render_tree(tree, {"a": "x"}, leave=frozenset({"left"}))

        assert rendered == {
            "{{a}}": ["x", {"deep": "x"}, 3, None],
            "left": "{{a}}",
            "inside": {"left": ["{{a}}"]},
        }


class TestALongText:
    def test_is_cut_at_a_blank_where_it_would_be_too_long(self) -> None:
        rendered = render("So: {{a}} the end {{gone}}", {"a": "word " * 100}, 200)

        assert rendered.is_cut
        assert 100 < len(rendered.text) <= 200
        assert rendered.text.endswith("word")
        assert rendered.missing == ("gone",)

    def test_without_placeholders_is_as_long_as_it_was_written(self) -> None:
        assert render("x" * 500, {}, 100) == Rendered("x" * 500)

    @pytest.mark.parametrize("values", [{}, {"a": ""}, {"a": "w " * 8_000}])
    @pytest.mark.parametrize("piece", ["{{a}}", "{{a}} ", "{{ a", "{{", "{{ ", "@", "{{a}}\n", " {{b}}"])
    def test_takes_time_and_room_by_its_length(self, piece: str, values: dict[str, str]) -> None:
        def seconds(pieces: int) -> float:
            began = time.process_time()
            assert len(render(piece * pieces, values).text) <= max(len(piece) * pieces, 16_000)
            return time.process_time() - began

        assert seconds(200_000) < 100 * max(seconds(10_000), 0.005)

    @given(st.lists(st.tuples(PLAIN, NAMES)), PLAIN, st.dictionaries(NAMES, PLAIN), st.integers(0, 60))
    def test_is_never_longer_than_said_beforehand(
        self, pieces: list[tuple[str, str]], end: str, values: dict[str, str], letters: int
    ) -> None:
        text = "".join(f"{plain}{{{{{name}}}}}" for plain, name in pieces) + end
        whole, rendered = render(text, values), render(text, values, letters)

        assert len(whole.text) <= rendered_letters(text, values)
        if pieces:
            assert len(rendered.text) <= letters or rendered == whole
        assert rendered.is_cut or rendered == whole

    def test_of_a_tree_ends_when_all_of_it_is_too_long(self) -> None:
        tree = {"steps": ["{{a}}"] * 1_000, "plain": "kept"}

        rendered = render_tree(tree, {"a": "w" * 3_000}, letters=10_000)

        assert sum(map(len, rendered["steps"])) <= 10_000
        assert rendered["steps"][0] == "w" * 3_000
        assert rendered["plain"] == "kept"
