"""The flow agent, turn by turn: what it says, keeps and does for what it hears."""

from __future__ import annotations

import pytest

from flow_builders import Talk
from outdial.domain.attempt import Speaker, Turn

REMINDER = """
unclear: Sorry, was that a yes or a no?
always:
  - hear: [human]
    say: I will ask a colleague to call you back.
    go: farewell
steps:
  confirm:
    say: I am calling about your appointment on {{date}}.
    ask: Can you make it?
    save: kept
    expect:
      - hear: yes
        go: thanks
      - hear: no
        go: another
      - keys: "1"
        value: yes
        go: thanks
  another:
    ask: Which day would suit you?
    save: day
    expect:
      - hear: date
    otherwise: farewell
  noted:
    say: I have noted {{day}}.
    go: farewell
  thanks:
    say: Great, see you on {{ date }}.
  farewell:
    say: Goodbye.
    hang_up: true
"""


def a_reminder() -> Talk:
    talk = Talk(REMINDER, greeting="Hello Rahul, this is Ava.", variables={"date": "4 March"})
    talk.begins()
    return talk


class TestTheGreeting:
    def test_is_spoken_and_goes_on_to_the_first_question(self) -> None:
        talk = Talk(REMINDER, greeting="Hello Rahul, this is Ava.", variables={"date": "4 March"})

        said = talk.begins()

        assert said == ("Hello Rahul, this is Ava. I am calling about your appointment on 4 March. Can you make it?")
        assert not talk.over

    def test_waits_for_the_other_side_when_the_flow_listens_first(self) -> None:
        talk = Talk("listen_first: true\nsteps:\n  only: {say: Hello there., hang_up: true}")

        assert talk.begins() == ""
        assert talk.hears("Hello?") == "Hello there."
        assert talk.over


class TestAnAnswerThatIsExpected:
    def test_is_kept_and_leads_on(self) -> None:
        talk = a_reminder()

        said = talk.hears("Yes, sure.")

        assert said == "Great, see you on 4 March. Goodbye."
        assert talk.captured == {"kept": "yes"}
        assert talk.over

    def test_may_be_a_key_of_the_phone(self) -> None:
        talk = a_reminder()

        talk.hears("digits 1#")

        assert talk.captured == {"kept": "yes"}

    def test_is_used_in_what_is_said_later(self) -> None:
        talk = a_reminder()
        talk.hears("No, I can't.")

        said = talk.hears("How about the sixth of March?")

        assert said == "I have noted 6 March. Goodbye."
        assert talk.captured == {"kept": "no", "day": "6 March"}

    def test_is_never_expanded_itself(self) -> None:
        talk = Talk("steps:\n  a: {ask: 'Your name?', save: name}\n  b: {say: 'Hi {{name}}.', hang_up: true}")
        talk.begins()

        assert talk.hears("{{name}} {{date}}") == "Hi {{name}} {{date}}."


class TestAnAnswerThatIsNotUnderstood:
    def test_is_asked_for_again(self) -> None:
        talk = a_reminder()

        assert talk.hears("Bananas.") == "Sorry, was that a yes or a no? Can you make it?"

    def test_ends_the_call_politely_after_the_last_try(self) -> None:
        talk = a_reminder()
        talk.hears("Bananas.")

        said = talk.hears("Bananas.")

        assert said == "I am sorry, I could not understand you. Goodbye."
        assert talk.over

    def test_goes_elsewhere_after_the_last_try_where_the_flow_says_so(self) -> None:
        talk = a_reminder()
        talk.hears("No.")
        talk.hears("Bananas.")

        assert talk.hears("Bananas.") == "Goodbye."

    def test_costs_no_try_when_the_callee_only_asks_to_hear_it_again(self) -> None:
        talk = a_reminder()

        repeated = [talk.hears("Sorry, what did you say?") for _ in range(4)]

        assert repeated == ["Can you make it?"] * 4


class TestWordsThatAlwaysCount:
    @pytest.mark.parametrize("words", ["Let me talk to a human.", "Can I speak to someone, please?"])
    def test_leave_the_question_wherever_it_stands(self, words: str) -> None:
        talk = a_reminder()

        said = talk.hears(words)

        assert said == "I will ask a colleague to call you back. Goodbye."
        assert talk.captured == {}
        assert talk.over

    def test_come_back_to_the_question_when_they_lead_nowhere(self) -> None:
        talk = Talk("""
            always: [{hear: [who is this], say: This is Ava.}]
            steps:
              a: {ask: "Are you well?", expect: [{hear: yes}]}
              b: {hang_up: true}
        """)
        talk.begins()

        assert talk.hears("Who is this?") == "This is Ava. Are you well?"


class TestABranch:
    FLOW = """
    steps:
      ask: {ask: "Tea or coffee?", save: drink, expect: [{hear: [tea]}, {hear: [coffee], value: Coffee}]}
      fork:
        branch:
          - {when: {drink: coffee, vip: "yes"}, go: best}
          - {when: {drink: [tea, coffee]}, go: plain}
      best: {say: Our best coffee., hang_up: true}
      plain: {say: 'One {{drink}}.', hang_up: true}
    """

    def test_follows_the_first_set_of_answers_that_holds(self) -> None:
        talk = Talk(self.FLOW, variables={"vip": "Yes"})
        talk.begins()

        assert talk.hears("A coffee please") == "Our best coffee."

    def test_passes_over_those_that_do_not(self) -> None:
        talk = Talk(self.FLOW)
        talk.begins()

        assert talk.hears("A coffee please") == "One Coffee."


class TestKeys:
    def test_are_pressed_where_the_flow_says_so(self) -> None:
        talk = Talk("steps:\n  a: {press: '2', ask: 'Extension?'}\n  b: {press: 1w, hang_up: true}")
        talk.begins()

        talk.hears("Twelve")

        assert talk.pressed == ["2", "1w"]


class TestAnInterruption:
    """The transcript holds only what was really played."""

    HALF = Turn(Speaker.AGENT, "Hello Rahul, this is", 0, 900, interrupted=True)
    WHOLE = Turn(
        Speaker.AGENT, "I am calling about your appointment on 4 March. Can you make", 0, 5000, interrupted=True
    )

    def test_before_the_question_was_out_makes_the_agent_say_it_again(self) -> None:
        talk = a_reminder()

        said = talk.hears("Yes?", [self.HALF, Turn(Speaker.CALLEE, "Yes?", 900, 1200)])

        assert said.endswith("Can you make it?")
        assert talk.captured == {}

    def test_near_the_end_of_the_question_counts_as_an_answer(self) -> None:
        talk = a_reminder()

        talk.hears("Yes.", [self.WHOLE, Turn(Speaker.CALLEE, "Yes.", 5000, 5300)])

        assert talk.captured == {"kept": "yes"}

    def test_cannot_keep_the_agent_repeating_for_ever(self) -> None:
        talk = a_reminder()
        transcript = [self.HALF, Turn(Speaker.CALLEE, "Yes?", 900, 1200)]

        for _ in range(3):
            talk.hears("Yes?", transcript)

        assert talk.captured == {"kept": "yes"}

    def test_that_goes_on_before_the_agent_spoke_is_one_answer_in_two_halves(self) -> None:
        talk = a_reminder()
        first = Turn(Speaker.CALLEE, "Well no", 6000, 6500)
        talk.hears("Well no", [self.WHOLE, first])

        said = talk.hears(
            "sorry, I mean yes.", [self.WHOLE, first, Turn(Speaker.CALLEE, "sorry, I mean yes.", 6600, 7500)]
        )

        assert said == "Great, see you on 4 March. Goodbye."
        assert talk.captured == {"kept": "yes"}


class TestTheQuestionWhetherSomebodyIsThere:
    IDLE = Turn(Speaker.AGENT, "Are you still there?", 9000, 9900)

    def test_answered_with_yes_brings_the_question_back(self) -> None:
        talk = a_reminder()

        said = talk.hears("Yes, I am.", [self.IDLE, Turn(Speaker.CALLEE, "Yes, I am.", 10_500, 11_200)])

        assert said == "Can you make it?"
        assert talk.captured == {}

    def test_may_be_followed_by_the_answer_itself(self) -> None:
        talk = a_reminder()

        talk.hears("No, I can't.", [self.IDLE, Turn(Speaker.CALLEE, "No, I can't.", 10_500, 11_200)])

        assert talk.captured == {"kept": "no"}


class TestAGoodbyeThatIsInterrupted:
    def test_is_not_said_again(self) -> None:
        talk = a_reminder()
        talk.hears("Yes.")
        cut = Turn(Speaker.AGENT, "Great, see", 0, 900, interrupted=True)

        said = talk.hears("Bye!", [cut, Turn(Speaker.CALLEE, "Bye!", 900, 1200)])

        assert said == ""
        assert talk.over


class TestAPersona:
    FLOW = """
    replies:
      - {hear: [who is, name], say: "This is Rahul.", once: true}
      - {hear: [can you make it], say: "Yes, I can."}
      - {hear: [goodbye, see you], say: "Bye.", hang_up: true}
      - {hear: [press one], press: "1"}
    else: Pardon?
    """

    def test_says_hello_first_when_it_has_a_greeting(self) -> None:
        assert Talk(self.FLOW, greeting="Hello?").begins() == "Hello?"

    def test_answers_in_whatever_order_it_is_asked(self) -> None:
        talk = Talk(self.FLOW)

        answers = [talk.hears("Can you make it on Friday?"), talk.hears("What is your name?")]

        assert answers == ["Yes, I can.", "This is Rahul."]

    def test_answers_what_was_said_last(self) -> None:
        assert Talk(self.FLOW).hears("Who is there? Can you make it?") == "Yes, I can."

    def test_says_some_things_only_once(self) -> None:
        talk = Talk(self.FLOW)
        talk.hears("Your name?")

        assert talk.hears("Your name?") == "Pardon?"

    def test_presses_keys_and_hangs_up(self) -> None:
        talk = Talk(self.FLOW)

        talk.hears("To confirm, press one.")
        farewell = talk.hears("Thank you, goodbye.")

        assert talk.pressed == ["1"]
        assert farewell == "Bye."
        assert talk.over
