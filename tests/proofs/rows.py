"""The rows of the specifications' own tables that promise behaviour, each with the tests named for it.

A row names its tests by a pattern of what stands after ``def``: numbered rows by their number, the others by words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from proofs.tests_named import all_tests

_VALIDATION: Final = (
    "no or wrong key",
    "body not JSON, or not an object",
    "`name` absent, null, blank or not a string",
    "`mobile_number` absent",
    "`mobile_number` not E.164",
    "`agent_id` absent",
    "`agent_id` not a UUID",
    "agent unknown, archived, or of another workspace",
    "agent of type `inbound`",
    "both caller numbers",
    "no caller number",
    "v2: not exactly one of three",
    "a `from_number` not E.164",
    "number, number id or pool not in the workspace",
    "caller number disabled for outbound",
    "`custom_args_values` not an object",
    "`smart_formatter` or a member of wrong type",
    "`call_config` or a part of it not an object",
    "a number outside its range, or not a number",
    "`HH:MM` malformed",
    "unknown `timezone`",
    "`scheduled_at` unreadable or over 365 days ahead",
    "`callback_url` not an absolute http(s) URL",
    "`callback_args` or a member not an object",
    "`version_id` not of this agent",
    "`voice_id` unknown or of a wrong language",
    "`parent_call_id` not a UUID, `call_category` not a string",
    "a call that must wait is accepted",
    "callee on a suppression list",
    "unknown keys anywhere",
    "null for any optional field",
    "over the request rate",
)
_OUTCOMES: Final = (
    "talked_agent_hung_up",
    "talked_callee_hung_up",
    "callee_left",
    "idle",
    "max_duration",
    "voicemail",
    "transferred",
    "busy",
    "no_answer",
    "declined",
    "trunk_failure",
    "pre_call_failed",
    "invalid_number",
    "cancelled_while_waiting",
    "cancelled_in_the_talk",
    "policy_blocked",
    "campaign_ended",
    "no_credits",
    "worker_lost_before_the_provider_was_asked",
    "worker_lost_after_the_provider_was_asked",
    "worker_lost_after_an_answer",
)
_LENIENCIES: Final = (
    "`X-API-KEY` beside `Authorization`",
    "every route with and without trailing slash",
    "create-agent answers `data.id` and `data.agent_id`",
    "call response has current and legacy keys",
    "one UUID wherever it is looked for",
    "`event_type` as string or list; no `headers`, `method_type`",
    "errors carry `detail`, `message`, `error.message`",
    "call-details by `id` or `call_id`",
    "transcripts: JSON text, array, JSON text",
    "`platform_analysis` equals `analysis_data`",
    "final event: what strict receivers check",
    "receiver answers 200, 202 or 204",
    "unknown query parameters are ignored",
    "history without dates",
    "v2 with exactly one number source",
    "`call_config` extremes",
    "`phone_number`, no `name`, no caller number",
    "GET `/agent/{id}`: an object; variables a list",
    "knowledge list is a bare array",
    "CSV headers, ISO campaign times, `from_number_id`",
    "`country_code` as `+91`, `91`, `IN`",
    "`call_id` stable over retries; minutes and seconds",
    "no additive key with another meaning",
    "aliases",
    "unknown request keys are ignored everywhere",
    "creations are answered at once",
)
SECTIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Ringg §2.13: what a call is checked for": {
        f"{number} {text}": rf"test_row_{number:02}_" for number, text in enumerate(_VALIDATION, 1)
    },
    "Ringg §3.3: every way a call ends": {name: rf"test_s33_{name}(_without_retries)?$" for name in _OUTCOMES},
    "Ringg §11: leniencies": {
        f"L{number} {text}": rf"test_(l\d+_(and_)?)*l{number}_" for number, text in enumerate(_LENIENCIES, 1)
    }
    | {"L19 second `attach_kb`": "test_twice_over_the_same_knowledge"},
    "Ringg §12: common failure checks": {
        "401: missing, malformed, unknown, revoked, rotated keys": r"test_s12_a_key_|test_row_01_",
        "validation: all faults, each naming its field": r"test_s12_a_missing_field_|test_are_reported_together",
        "queued: each cause alone and two together": r"test_s12_each_cause_",
        "queued: goes by itself once the cause is gone": r"test_s12_goes_by_itself_",
        "queued: a schedule outside its window": r"test_s12_a_scheduled_call_outside_",
        "queued: a window across midnight": r"test_s12_a_window_that_opens_across_midnight",
        "queued: a window across a clock change": r"test_s12_a_window_that_opens_across_a_clock_change",
        "wrong data: `company_name` called with `companyName`": r"test_s12_a_prompt_with_",
    },
    "Ringly §9: samples and table": {
        "four samples of the page by their real programs": r"test_ringly_samples.*test_place_the_same_call",
        "the four samples store equal calls": r"test_ringly.py.*test_store_equal_calls",
        "each required field absent, null, number, empty": r"test_ringly.py.*TestRequiredFields::test_must_be_there",
        "tag without `agent_` prefix; agent without own number": r"test_ringly.py.*test_a_tag_needs_no_prefix",
        "tag differing in case only": r"test_ringly.py.*test_unknown_archived_or_foreign_tag",
        "`from_number` of another workspace": r"test_ringly.py.*test_number_of_another_workspace",
        "`dynamic_variables` absent, null, `{}`": r"test_ringly.py.*TestVariables::test_may_be_left_out",
        "values `3`, `2.50`": r"test_ringly.py.*test_numbers_become_their_shortest_text",
        "values `true`, null": r"test_ringly.py.*Exchanges::test_accepted",
        "a value that is a list": r"test_ringly.py.*test_have_scalar_values",
        "keys `first name`, `line2`, `größe`": r"test_ringly.py.*test_have_keys_of_letters",
        "`dynamic_variables` as list or string": r"test_ringly.py.*test_are_an_object",
        "value containing `{{property}}`": r"test_templates.py.*test_is_never_expanded",
        "greeting with a missing variable": r"test_templates.py.*(tidy_blanks|test_leaves_no_braces)|test_are_only_rep",
        "no key, wrong key, `Bearer` alone; with a bad body": r"test_ringly.py.*test_missing_or_wrong_comes_before",
        "extra body keys": r"test_ringly.py.*test_the_second_ignores",
        "every answer is JSON, errors with their sentence": r"test_ringly.py.*Exchanges::test_refused",
    },
}


def tests_of(row: str) -> list[str]:
    """The tests that a pattern of a row means."""
    return sorted(name for name in all_tests() if re.search(row, name.removeprefix("tests/")))
