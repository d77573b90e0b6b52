"""The rules of ``docs/analysis.md``, on talks as they are held."""

from __future__ import annotations

import pytest

from analysis_builders import a_talk
from outdial.analysis.rules import RuleAnalyst, analysis_of
from outdial.domain.agent import AnalysisPlan
from outdial.domain.analysis import Analysis, PlatformAnalysis, Talked, fits

PLAIN = AnalysisPlan()
DRIVING = a_talk(
    "A: Hello Maya, is this a good time to talk?",
    "C: No, I'm driving. Can you call me back tomorrow at five?",
    "A: Sure, I'll call you tomorrow at five. Goodbye.",
)


def platform(talked: Talked, plan: AnalysisPlan = PLAIN) -> PlatformAnalysis:
    found = analysis_of(talked, plan).platform
    assert found is not None
    return found


class TestATalk:
    async def test_is_told_in_its_own_words(self) -> None:
        assert await RuleAnalyst().analyse(DRIVING, PLAIN) == Analysis(
            PlatformAnalysis(
                summary=(
                    'Asked "Hello Maya, is this a good time to talk?", the callee said '
                    '"No, I\'m driving. Can you call me back tomorrow at five?"'
                ),
                key_points=("Can you call me back tomorrow at five?",),
                action_items=("Can you call me back tomorrow at five?", "Sure, I'll call you tomorrow at five."),
                classification="callback",
                callback_requested=True,
                callback_requested_time="2026-03-03T17:00:00+05:30",
            ),
            made_by="rules",
        )

    def test_is_summed_up_by_the_answers_that_say_most(self) -> None:
        talked = a_talk(
            "A: Can you hear me?",
            "C: Yes.",
            "A: What happened to the machine?",
            "C: The pump leaks oil since Monday.",
            "A: Thank you. Who uses it?",
            "C: Two people from the night shift.",
            "A: Which model is it?",
            "C: The blue one from Pune.",
        )

        assert platform(talked).summary == (
            'Asked "What happened to the machine?", the callee said "The pump leaks oil since Monday." '
            'Asked "Who uses it?", the callee said "Two people from the night shift." '
            'Asked "Which model is it?", the callee said "The blue one from Pune."'
        )

    @pytest.mark.parametrize(
        ("lines", "summary"),
        [
            ((), "Nobody said anything."),
            (("A: Hello? Are you there?",), 'The callee said nothing; the agent said "Hello? Are you there?"'),
            (("C: Wrong number",), 'The callee said "Wrong number".'),
        ],
    )
    def test_with_few_words_has_a_summary_too(self, lines: tuple[str, ...], summary: str) -> None:
        assert platform(a_talk(*lines)).summary == summary

    def test_has_what_was_taken_down_for_key_points_and_then_what_was_said(self) -> None:
        talked = a_talk(
            "A: How many?", "C: Hello. Okay. Our office needs new chairs. Our office needs new chairs.",
            captured={"seats": "4", "empty": " "},
        )  # fmt: skip

        assert platform(talked).key_points == ("seats: 4", "Our office needs new chairs.")

    def test_has_promises_and_wishes_for_action_items_and_no_small_talk(self) -> None:
        talked = a_talk(
            "A: I will be brief. Shall I send you a brochure? Our team will call you.",
            "C: Can you hear me? Can you repeat that? Please send me the price list.",
            "A: We'll email it today. I won't call again.",
        )

        assert platform(talked).action_items == (
            "Our team will call you.",
            "Please send me the price list.",
            "We'll email it today.",
        )

    def test_in_another_language_keeps_what_needs_no_words_to_be_known(self) -> None:
        lines = ("A: Passt es gerade?", "C: Nein, ich will morgen um fünf Uhr reden. Call me back at five.")
        talked = a_talk(*lines, language="de-DE", captured={"Termin": "morgen"})

        found = platform(talked)

        assert (found.classification, found.callback_requested, found.action_items) == ("", False, ())
        assert found.key_points[0] == "Termin: morgen"
        assert platform(a_talk("A: Hallo?", language="de-DE")).classification == "no_response"

    def test_of_great_length_is_told_in_short(self) -> None:
        talked = a_talk(
            "A: What happened?", *[f"C: Machine {at} in hall {at} broke down again. " * 9 for at in range(30)]
        )

        found = platform(talked)

        assert len(found.summary) < 500
        assert len(found.key_points) == 8
        assert max(map(len, found.key_points)) <= 240


class TestACallback:
    @pytest.mark.parametrize(
        ("lines", "at"),
        [
            (("C: Ring me later.",), ""),
            (("C: I'm busy today, call me on Friday at 11 am.",), "2026-03-06T11:00:00+05:30"),
            (("C: Tomorrow is better, please call me at five.",), "2026-03-03T17:00:00+05:30"),
            (("C: I am in a meeting at four, call me back tomorrow.",), "2026-03-03T15:30:00+05:30"),
            (("C: Don't call me today, call me on Friday.",), "2026-03-06T15:30:00+05:30"),
            (("A: Shall I call you back tomorrow morning?", "C: Yes please."), "2026-03-03T10:00:00+05:30"),
            (("A: When would be a better time to call?", "C: After six in the evening."), "2026-03-02T18:00:00+05:30"),
            (("A: When shall I call?", "C: Call me at five. No wait, at six."), "2026-03-02T18:00:00+05:30"),
            (
                ("C: Call me back later.", "A: Which day?", "C: Friday.", "A: And at what time?", "C: At ten."),
                "2026-03-06T10:00:00+05:30",
            ),
            (("C: Give me a call back in half an hour.",), "2026-03-02T16:00:00+05:30"),
            (("C: Not now, can you try me again after lunch?",), ""),
            (("C: Please call after 6 pm.",), "2026-03-02T18:00:00+05:30"),
            (("C: Can we speak tomorrow at four?",), "2026-03-03T16:00:00+05:30"),
            (("C: कल शाम पाँच बजे कॉल कीजिए।",), "2026-03-03T17:00:00+05:30"),
            (("C: अभी नहीं, बाद में कॉल करना।",), ""),
            (("C: Abhi nahi, kal 5 baje call karo.",), "2026-03-03T17:00:00+05:30"),
        ],
    )
    def test_is_asked_for(self, lines: tuple[str, ...], at: str) -> None:
        found = platform(a_talk(*lines))

        assert (found.callback_requested, found.callback_requested_time) == (True, at)
        assert found.classification == "callback"

    @pytest.mark.parametrize(
        "lines",
        [
            ("C: I'll call you back later.",),
            ("C: You were supposed to call me back yesterday.",),
            ("C: Why do you call me again and again?",),
            ("C: Do not call me back.",),
            ("C: There is no need to call me again.",),
            ("C: Please call me Sam.",),
            ("C: Please call before you come.",),
            ("C: You call every day at five.",),
            ("A: Your appointment is on Friday at ten. Does that suit you?", "C: Yes, Friday at ten works."),
            ("C: I am busy.",),
            ("A: Shall I call you back tomorrow at five?", "C: No, thank you."),
            ("A: When did you last call us?", "C: On Friday at five."),
            ("A: When should the technician come?", "C: Tomorrow at five."),
            ("A: I'll call you back tomorrow at five.", "C: Bye."),
            ("C: मुझे दोबारा कॉल मत करना।",),
        ],
    )
    def test_is_not_asked_for(self, lines: tuple[str, ...]) -> None:
        found = platform(a_talk(*lines))

        assert (found.callback_requested, found.callback_requested_time) == (False, "")


LABELS = {
    "Hot Lead": "Wants a quote, price or demo",
    "Not Interested": "Refuses the offer",
    "Call Back": "Wants to talk at another time",
    "Support issue": "Complains about a broken machine or a wrong bill",
}


class TestALabel:
    @pytest.mark.parametrize(
        ("said", "label"),
        [
            ("", "no_response"),
            ("Stop calling me and take me off your list.", "do_not_call"),
            ("Never call my number again.", "do_not_call"),
            ("मुझे कॉल मत कीजिए।", "do_not_call"),
            ("Sorry, you have the wrong number.", "wrong_number"),
            ("There is nobody here by that name.", "wrong_number"),
            ("I'm not interested, thank you.", "not_interested"),
            ("नहीं, मुझे नहीं चाहिए।", "not_interested"),
            ("Yes, I'm interested.", "interested"),
            ("That sounds good, tell me more.", "interested"),
            ("I want to cancel my order.", ""),
            ("It rains.", ""),
        ],
    )
    def test_is_one_of_our_own_where_the_agent_has_none(self, said: str, label: str) -> None:
        assert platform(a_talk("A: Hello.", f"C: {said}")).classification == label

    @pytest.mark.parametrize(
        ("said", "label"),
        [
            ("Could you send me a quote and a demo?", "Hot Lead"),
            ("I'm not interested.", "Not Interested"),
            ("Can you call me back tomorrow?", "Call Back"),
            ("My machine is broken and the bill was wrong.", "Support issue"),
            ("It is a support issue.", "Support issue"),
            ("You have the wrong number.", ""),
            ("Okay.", ""),
            ("", ""),
        ],
    )
    def test_is_one_of_the_agents_or_none(self, said: str, label: str) -> None:
        found = platform(a_talk("A: Hello.", f"C: {said}"), AnalysisPlan(labels=LABELS))

        assert found.classification == label


class TestAKey:
    def test_is_answered_by_what_was_taken_down_under_its_name(self) -> None:
        plan = AnalysisPlan(keys={"Full Name": "string", "seats": "integer", "rate": "number", "agreed": "boolean"})
        captured = {"full_name": "Maya R", "SEATS": "twenty five", "rate": "3.5 percent", "Agreed": "yes, please"}

        found = analysis_of(a_talk("C: Yes.", captured=captured), plan)

        assert found.client == {"Full Name": "Maya R", "seats": 25, "rate": 3.5, "agreed": True}

    def test_is_answered_by_the_reply_to_a_question_about_it(self) -> None:
        plan = AnalysisPlan(
            keys={"seats": "integer", "owns_car": "boolean", "price": "number", "city": "string", "age": "integer"},
            hints={"owns_car": "Whether they have a car of their own", "price": "What they pay each month"},
        )
        talked = a_talk(
            "A: How many seats do you need?",
            "C: Twenty five, please.",
            "A: Do you own a car?",
            "C: No, I don't.",
            "A: What do you pay each month?",
            "C: It is 1,200.50 a month.",
            "A: Which city are you in?",
            "C: Pune.",
        )

        found = analysis_of(talked, plan)

        assert found.client == {"seats": 25, "owns_car": False, "price": 1200.5, "city": None, "age": None}

    @pytest.mark.parametrize(
        ("kind", "taken", "value"),
        [
            ("array", "tea, two coffees and a cake; milk", ["tea", "two coffees", "a cake", "milk"]),
            ("array", " , ", None),
            ("date", "2026-04-05", "2026-04-05"),
            ("date", "next Friday", "2026-03-06"),
            ("date", "in two days", "2026-03-04"),
            ("date", "at five", None),
            ("date", "soon", None),
            ("datetime", "2026-04-05T10:00:00+02:00", "2026-04-05T10:00:00+02:00"),
            ("datetime", "2026-04-05 10:00", "2026-04-05T10:00:00+05:30"),
            ("datetime", "tomorrow at five", "2026-03-03T17:00:00+05:30"),
            ("datetime", "whenever", None),
        ],
    )
    def test_is_a_list_a_day_or_a_moment(self, kind: str, taken: str, value: object) -> None:
        talked = a_talk("A: Yes?", "C: Well.", captured={"answer": taken})

        found = analysis_of(talked, AnalysisPlan(keys={"answer": kind})).client

        assert found == {"answer": value}
        assert value is None or fits(value, kind)

    def test_of_a_day_is_read_off_the_reply_to_a_question_about_it(self) -> None:
        talked = a_talk("A: On which delivery date may we come?", "C: Friday would be good.")

        found = analysis_of(talked, AnalysisPlan(keys={"delivery_date": "date", "delivery": "array"})).client

        assert found == {"delivery_date": "2026-03-06", "delivery": None}

    @pytest.mark.parametrize(
        ("kind", "reply"),
        [
            ("integer", "Three or maybe seven people."),
            ("integer", "About 2.5."),
            ("integer", "Not many."),
            ("number", "I don't know."),
            ("boolean", "Let me see."),
        ],
    )
    def test_is_null_where_the_reply_does_not_tell(self, kind: str, reply: str) -> None:
        plan = AnalysisPlan(keys={"seats": kind})

        assert analysis_of(a_talk("A: How many seats?", f"C: {reply}"), plan).client == {"seats": None}

    def test_is_not_there_when_the_agent_asks_for_nothing(self) -> None:
        assert analysis_of(DRIVING, PLAIN).client is None
