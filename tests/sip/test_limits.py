"""What a process can hold, and what happens when its native stack falls."""

from __future__ import annotations

from pathlib import Path

from sip_builders import a_caller, a_phone


class TestAProcessThatIsFull:
    async def test_takes_no_further_call_until_one_has_ended(self, tmp_path: Path) -> None:
        async with (
            a_caller(max_calls=1) as caller,
            a_phone("answer", tmp_path) as phone,
            a_phone("answer", tmp_path) as other,
        ):
            first = await caller.place(phone.trunk())
            refused = await caller.place(other.trunk())
            await first.hang_up()
            second = await caller.place(other.trunk())
            await second.hang_up()
            assert await phone.finished() == 0
            assert await other.finished() == 0

        assert refused.error == ("Unreachable", "this process already holds 1 calls")
        assert second.answered
        assert len(other.messages("INVITE")) == 1


class TestAStackThatFalls:
    async def test_ends_its_calls_with_a_reason_and_dials_no_more(self, tmp_path: Path) -> None:
        async with a_caller() as caller, a_phone("answer", tmp_path) as phone:
            call = await caller.place(phone.trunk())
            fallen = await caller.ask("break_stack")
            gone = await call.gone()
            await call.hang_up()
            again = await caller.place(phone.trunk())

        assert fallen["dead"] == "the native SIP thread ended"
        assert gone == "carrier: the SIP stack failed: the native SIP thread ended"
        kind, message = again.error
        assert kind == "Unreachable"
        assert message.startswith("this process cannot dial any more")
