"""Whatever is said, the rules have an answer of the promised kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from analysis_builders import MONDAY, a_talk
from outdial.analysis.rules import analysis_of
from outdial.domain.agent import ANALYSIS_TYPES, AnalysisPlan
from outdial.domain.spoken import listed

_WORDS = st.sampled_from(
    listed(
        "call me back ring us later again tomorrow today tonight friday next week at in after on the 5 12 13 31 2026 "
        "02 30 23:59 6.30 february a couple of hours minutes days half past quarter to an and pm morning evening noon "
        "not do yes no when shall i you will send please interested कल शाम 5 बजे घंटे बाद साढ़े कॉल कीजिए मत ? . , ! - "
        "9999999999999999999"
    )
)
_TEXTS = st.lists(_WORDS, max_size=14).map(" ".join) | st.text(max_size=40)
_TURNS = st.lists(st.tuples(st.sampled_from(["agent", "callee"]), _TEXTS), max_size=6).map(tuple)
_TYPES = {"string": str, "integer": int, "number": float, "boolean": bool}
PLAN = AnalysisPlan(
    keys={f"{kind} hours": kind for kind in ANALYSIS_TYPES}, labels={"": "", "Call [back": "later", "?": "(tomorrow"}
)


@given(_TURNS, st.dictionaries(st.sampled_from(["String Hours", "integer_hours"]), _TEXTS))
def test_any_talk_has_an_analysis_of_the_kind_that_was_asked_for(
    turns: tuple[tuple[str, str], ...], captured: dict[str, str]
) -> None:
    talked = replace(a_talk(captured=captured), turns=turns)

    found = analysis_of(talked, PLAN)

    assert found.platform is not None
    assert found.client is not None
    assert found.platform.classification in PLAN.labels
    assert found.platform.summary
    if at := found.platform.callback_requested_time:
        assert found.platform.callback_requested
        assert datetime.fromisoformat(at) > datetime.fromisoformat(MONDAY)
    assert list(found.client) == list(PLAN.keys)
    for name, kind in PLAN.keys.items():
        assert found.client[name] is None or type(found.client[name]) is _TYPES[kind]
