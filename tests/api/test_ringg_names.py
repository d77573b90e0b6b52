"""The callee's name in another script (§2.9), and the dictionary it comes from."""

import unicodedata
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_builders import edit
from api_builders import Doors, a_ringg_body
from api_records import VERSION, at
from outdial.names.dictionary import transliterate

BY_HAND = Path(__file__).parents[2] / "tools" / "names_en_hi.txt"
UNAVAILABLE = "transliteration_unavailable"


def rows() -> list[list[str]]:
    text = resources.files("outdial.names").joinpath("en_hi.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()]


async def asked(doors: Doors, name: str, **formatter: Any) -> tuple[dict[str, Any], list[str]]:
    """The variables and warnings of the answer."""
    response = await doors.ringg(a_ringg_body(name=name, smart_formatter=formatter))
    assert response.status_code == 200, response.text
    body = response.json()
    return body["data"]["custom_args_values"], body.get("warnings", [])


class TestACallsName:
    @pytest.mark.parametrize(
        ("full", "written"),
        [
            ("Mr Rajesh Kumar", "राजेश"),
            ("Mrs. SUNITA Devi", "सुनीता"),
            ("amit", "अमित"),
            ("Dr. Mohammed Salim", "मोहम्मद"),
            ("Lakshmi", "लक्ष्मी"),
            ("\uff32\uff41\uff56\uff49", "रवि"),  # full-width letters
        ],
    )
    async def test_is_rewritten_and_the_whole_one_kept(self, doors: Doors, full: str, written: str) -> None:
        values, warnings = await asked(doors, full, transliteration=True)

        assert values["callee_name"] == written
        assert values["original_callee_name"] == full
        assert warnings == []

    async def test_that_nobody_wrote_down_stays_and_says_so(self, doors: Doors) -> None:
        values, warnings = await asked(doors, "Dr Xqzt Sample", transliteration=True)

        assert (values["callee_name"], values["original_callee_name"]) == ("Xqzt", "Dr Xqzt Sample")
        assert warnings == [UNAVAILABLE]

    @pytest.mark.parametrize(
        "languages",
        [
            {"source": "en", "target": "ta"},
            {"source": "de", "target": "hi"},
            {"source": "hi", "target": "en"},
            {"target": "fr"},
        ],
    )
    async def test_stays_for_a_pair_of_languages_without_a_dictionary(
        self, doors: Doors, languages: dict[str, str]
    ) -> None:
        values, warnings = await asked(doors, "Rajesh Kumar", transliteration=True, transliteration_language=languages)

        assert values["callee_name"] == "Rajesh"
        assert warnings == [UNAVAILABLE]

    @pytest.mark.parametrize(
        "languages",
        [
            None,
            {},
            {"source": "en"},
            {"target": "hi"},
            {"source": None, "target": None},
            {"source": "en-IN", "target": "hi-IN"},
            {"source": "EN", "target": "HI"},
        ],
    )
    async def test_is_english_into_hindi_unless_told_otherwise(
        self, doors: Doors, languages: dict[str, str] | None
    ) -> None:
        values, _ = await asked(doors, "Rajesh Kumar", transliteration=True, transliteration_language=languages)

        assert values["callee_name"] == "राजेश"

    async def test_is_the_one_given_as_a_variable_where_there_is_one(self, doors: Doors) -> None:
        body = a_ringg_body(
            name="Somebody Else",
            custom_args_values={"callee_name": "Shri Amit Shah"},
            smart_formatter={"transliteration": True},
        )

        values = (await doors.ringg(body)).json()["data"]["custom_args_values"]

        assert (values["callee_name"], values["original_callee_name"]) == ("अमित", "Shri Amit Shah")

    async def test_of_titles_alone_is_unchanged(self, doors: Doors) -> None:
        values, warnings = await asked(doors, "Mr. Dr.", transliteration=True)

        assert values["callee_name"] == values["original_callee_name"] == "Mr. Dr."
        assert warnings == [UNAVAILABLE]

    async def test_that_is_a_number_is_left_alone(self, doors: Doors) -> None:
        body = a_ringg_body(custom_args_values={"callee_name": 7}, smart_formatter={"transliteration": True})

        answer = (await doors.ringg(body)).json()

        assert answer["data"]["custom_args_values"]["callee_name"] == 7
        assert answer["warnings"] == [UNAVAILABLE]

    async def test_is_only_cut_when_only_that_is_asked(self, doors: Doors) -> None:
        values, warnings = await asked(doors, "Mr Rajesh Kumar", extract_first_name=True, transliteration=False)

        assert values["callee_name"] == "Rajesh"
        assert warnings == []

    async def test_is_in_call_details_as_it_was_answered(self, doors: Doors) -> None:
        body = a_ringg_body(name="Mr Zorblax", smart_formatter={"transliteration": True})
        call_id = (await doors.ringg(body)).json()["data"]["call_id"]

        data = (await doors.ringg_get("/calling/call-details", id=call_id)).json()["data"]

        assert data["custom_args_values"]["callee_name"] == "Zorblax"
        assert data["warnings"] == [UNAVAILABLE]
        assert data["initiation_time"] == f"{at('09:15:04'):%Y-%m-%dT%H:%M:%SZ}"


class TestTheAgentsDefault:
    """§6.5 ``edit_extract_callee_name``: what counts where a request says nothing of it."""

    async def called(self, doors: Doors, **changes: Any) -> Any:
        await edit(doors, "edit_extract_callee_name", extract_callee_name=True)
        answer = await doors.ringg(a_ringg_body(name="Mr Rajesh Kumar", **changes))
        return answer.json()["data"]["custom_args_values"]["callee_name"]

    @pytest.mark.parametrize("silent", [..., {}, {"extract_first_name": None}, {"transliteration": False}])
    async def test_counts_where_the_request_is_silent(self, doors: Doors, silent: Any) -> None:
        assert await self.called(doors, smart_formatter=silent) == "Rajesh"

    async def test_counts_for_a_pinned_version_too(self, doors: Doors) -> None:
        assert await self.called(doors, version_id=VERSION) == "Rajesh"

    async def test_gives_way_to_what_the_request_says(self, doors: Doors) -> None:
        assert await self.called(doors, smart_formatter={"extract_first_name": False}) == "Mr Rajesh Kumar"
        assert await self.called(doors, smart_formatter={"transliteration": True}) == "राजेश"

    async def test_is_off_unless_it_was_switched_on(self, doors: Doors) -> None:
        answer = await doors.ringg(a_ringg_body(name="Mr Rajesh Kumar"))

        assert answer.json()["data"]["custom_args_values"]["callee_name"] == "Mr Rajesh Kumar"


class TestTheDictionary:
    def test_has_each_spelling_once_in_order_and_in_one_form(self) -> None:
        spellings = [spelling for spelling, _ in rows()]

        assert spellings == sorted(set(spellings))
        assert len(spellings) >= 1000
        for spelling, written in rows():
            assert spelling.isascii()
            assert spelling.isalpha()
            assert spelling.islower()
            assert all("\u0900" <= letter <= "\u097f" for letter in written)
            assert unicodedata.normalize("NFC", written) == written

    def test_has_what_was_written_by_hand(self) -> None:
        known = dict(rows())
        lines = [line.split() for line in BY_HAND.read_text("utf-8").splitlines() if not line.startswith(("#", "-"))]

        for name, *spellings in lines:
            assert spellings
            assert {known[spelling] for spelling in spellings} == {unicodedata.normalize("NFC", name)}

    def test_a_spelling_stands_once_in_the_list_written_by_hand(self) -> None:
        lines = [line.split() for line in BY_HAND.read_text("utf-8").splitlines() if not line.startswith(("#", "-"))]
        spellings = [spelling for _, *some in lines for spelling in some]

        assert len(spellings) == len(set(spellings))

    @pytest.mark.parametrize("spelling", ["rajesh", "RAJESH", " Rajesh ", "ｒａｊｅｓｈ"])
    def test_finds_a_name_whatever_its_case_and_width(self, spelling: str) -> None:
        assert transliterate(spelling, "en", "hi") == "राजेश"

    @pytest.mark.parametrize("name", ["", "Rajes", "Rajesh Kumar", "राजेश", "raj\u200desh"])
    def test_guesses_nothing(self, name: str) -> None:
        assert transliterate(name, "en", "hi") is None

    @given(st.text(), st.text(), st.text())
    def test_never_fails(self, name: str, source: str, target: str) -> None:
        transliterate(name, source, target)
