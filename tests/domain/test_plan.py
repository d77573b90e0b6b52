"""What was agreed for a call: each leaf from the request, else the agent, else the documented default."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from outdial.domain.agent import Definition, TalkLimits
from outdial.domain.plan import AGENT_KEYS, Plan, first_due, resolve
from outdial.domain.request import Overrides, RetryPolicy, Window

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
TIMES = st.times().map(lambda moment: moment.replace(second=0, microsecond=0, tzinfo=None))
WINDOWS = st.builds(Window, TIMES, TIMES, st.sampled_from(["Asia/Kolkata", "America/New_York", "UTC"]))
PLANS = st.builds(
    Plan,
    st.builds(TalkLimits, *[st.floats(1, 600)] * 2, st.floats(10, 14400)),
    st.builds(RetryPolicy, st.integers(0, 20), *[st.floats(0, 10080)] * 3),
    st.none() | WINDOWS,
    st.none() | INSTANTS,
)


class TestAPlan:
    def test_without_wishes_has_the_documented_defaults(self) -> None:
        plan = resolve(Definition(), Overrides())

        assert plan == Plan(
            TalkLimits(idle_warning_s=5, idle_end_s=10, max_length_s=240),
            RetryPolicy(count=0, busy_min=30, not_picked_min=30, failed_min=30),
            window=None,
            scheduled_at=None,
        )

    def test_takes_each_leaf_from_the_first_who_names_it(self) -> None:
        definition = Definition(
            limits=TalkLimits(idle_warning_s=7, idle_end_s=8, max_length_s=90),
            call_config={"idle_end_s": 20, "retry_count": 2, "retry_busy_min": 0},
        )

        plan = resolve(definition, Overrides(max_length_s=300, retry_busy_min=15))

        assert plan.limits == TalkLimits(idle_warning_s=7, idle_end_s=20, max_length_s=300)
        assert plan.retry == RetryPolicy(count=2, busy_min=15, not_picked_min=30, failed_min=30)

    def test_takes_a_zero_for_a_wish(self) -> None:
        definition = Definition(call_config={"retry_count": 3})

        assert resolve(definition, Overrides(retry_count=0)).retry.count == 0

    def test_fills_the_gaps_of_a_partial_window(self) -> None:
        assert resolve(Definition(), Overrides(has_window=True)).window == Window()
        assert resolve(Definition(), Overrides(window_start=time(9, 0))).window == Window(start=time(9, 0))

    def test_fills_them_from_the_agent_first(self) -> None:
        definition = Definition(call_config={"window_end": "18:30", "timezone": "Europe/Berlin"})

        plan = resolve(definition, Overrides(window_start=time(10, 0), has_window=True))

        assert plan.window == Window(time(10, 0), time(18, 30), "Europe/Berlin")

    def test_has_the_agents_window_when_the_request_names_none(self) -> None:
        assert resolve(Definition(call_config={"window_start": "09:00"}), Overrides()).window == Window(time(9, 0))

    def test_reads_a_naive_schedule_by_the_windows_clock(self) -> None:
        wall = datetime(2026, 3, 3, 1, 55)

        plan = resolve(Definition(), Overrides(scheduled_at=wall, timezone="Asia/Kolkata", has_window=True))

        assert plan.scheduled_at == datetime(2026, 3, 2, 20, 25, tzinfo=UTC)

    def test_takes_an_aware_schedule_for_that_instant(self) -> None:
        instant = datetime.fromisoformat("2026-03-03T01:55:00+01:00")

        plan = resolve(Definition(), Overrides(scheduled_at=instant, timezone="Asia/Kolkata", has_window=True))

        assert plan.scheduled_at == datetime(2026, 3, 3, 0, 55, tzinfo=UTC)

    @given(PLANS)
    def test_survives_its_way_through_the_database(self, plan: Plan) -> None:
        assert Plan.from_json(plan.to_json()) == plan

    def test_lets_an_agent_say_whatever_a_request_may_but_a_schedule(self) -> None:
        assert set(AGENT_KEYS) == {*vars(Overrides())} - {"scheduled_at", "has_window"}


class TestTheFirstDial:
    def test_is_due_at_once(self) -> None:
        assert first_due(Plan(), NOON) == NOON

    def test_is_due_at_its_schedule(self) -> None:
        assert first_due(Plan(scheduled_at=NOON + timedelta(hours=1)), NOON) == NOON + timedelta(hours=1)

    def test_is_due_now_when_its_schedule_has_passed(self) -> None:
        assert first_due(Plan(scheduled_at=NOON - timedelta(days=1)), NOON) == NOON

    def test_waits_for_the_next_opening(self) -> None:
        window = Window(time(18, 0), time(20, 0), "UTC")

        assert first_due(Plan(window=window), NOON) == NOON.replace(hour=18)

    @given(PLANS, INSTANTS)
    def test_is_never_due_in_the_past_nor_before_its_schedule(self, plan: Plan, now: datetime) -> None:
        due = first_due(plan, now)

        assert due >= now
        assert plan.scheduled_at is None or due >= plan.scheduled_at
