"""Campaigns in both vocabularies: forms and bodies in, rows and reports out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import BinaryIO, Final

from outdial.api.multipart import Form
from outdial.api.recordings import RecordingLinks
from outdial.api.ringg import instants
from outdial.api.ringg.calls import translate
from outdial.api.ringg.campaigns import responses
from outdial.api.ringg.campaigns.fields import ONE_SOURCE, Reading, zone_of
from outdial.api.ringg.fields import DEFAULT_ZONE
from outdial.campaigns.importing import Draft, Imported
from outdial.campaigns.starting import Start
from outdial.domain.campaign import Campaign, CampaignState
from outdial.domain.errors import Unsupported
from outdial.domain.ids import parse_uuid
from outdial.domain.rules import MICROS
from outdial.store.campaigns.reading import Balance, CampaignRow

_TEXTS: Final = (
    *("variables_map", "agent_id", "call_config", "country_code", "campaign_start_time", "campaign_end_time"),
    *("campaign_name", "remove_invalid_rows", "transliterate_callee_name"),
)
_STATUS: Final = {CampaignState.UPLOADED: "draft", CampaignState.PROCESSING: "draft"}
"""Words this API lacks; the others are its own."""
_UPLOAD_STATUS: Final = {
    CampaignState.UPLOADED: "uploaded",
    CampaignState.PROCESSING: "processing",
    CampaignState.FAILED: "failed",
}
_READ: Final = "completed"
"""Clients stop asking at this word, and at ``failed``."""
_UNCOUNTED: Final = 999_999_999.0
_Object = Mapping[str, object]


@dataclass(frozen=True)
class ListAsked:
    """``transliterate``: the names are to be written in the agent's language, which ``spelled_for`` fills in."""

    draft: Draft
    file: BinaryIO
    transliterate: bool

    def spelled_for(self, language: str) -> ListAsked:
        options = {**self.draft.options, "transliterate_callee_name": language}
        return replace(self, draft=replace(self.draft, options=options))


def list_of(form: Form, workspace_id: str, now: datetime) -> ListAsked:
    """
    Raises:
        Invalid: with every fault of the form; the file itself is not looked into.
    """
    reading = Reading({name: form.text(name) for name in _TEXTS}, now)
    file, mapping = reading.file(form), reading.mapping()
    agent_id, config, country_code = reading.uuid("agent_id"), reading.config_of_text(), reading.country_code()
    (starts_at, ends_at), name = reading.times(zone_of(config) or DEFAULT_ZONE), reading.campaign_name()
    remove, transliterate = (reading.truth(name) for name in ("remove_invalid_rows", "transliterate_callee_name"))
    reading.judge()
    draft = Draft(
        workspace_id=workspace_id,
        agent_id=agent_id,
        dialect=translate.DIALECT,
        name=name,
        starts_at=starts_at,
        ends_at=ends_at,
        call_config=config,
        mapping=mapping,
        country_code=country_code,
        options={"remove_invalid_rows": remove, "transliterate_callee_name": ""},
    )
    return ListAsked(draft, file, transliterate)


def start_of(body: _Object, now: datetime, *, usual: str) -> Start:
    """``usual``: the field that names the caller on this route.

    Raises:
        Invalid: with every fault.
    """
    reading = Reading(body, now)
    start = _start(reading, list_name="list_id", usual=usual)
    reading.judge()
    return start


def large_start_of(body: _Object, now: datetime, *, zone: str) -> Start:
    """``zone``: by whose clock the times are read when ``body`` names none.

    Raises:
        Unsupported: not exactly one source of the caller's number.
        Invalid: with every fault.
    """
    reading = Reading(body, now)
    if len(reading.sources()) != 1:
        raise Unsupported(ONE_SOURCE)
    start = _start(reading, list_name="bulk_list_id", usual="from_numbers")
    reading.country_code()
    config = reading.config()
    starts_at, ends_at = reading.times(zone_of(config or {}) or zone)
    start = replace(
        start,
        share=reading.share(),
        starts_at=starts_at,
        ends_at=ends_at,
        call_config=config,
    )
    reading.judge()
    return start


def _start(reading: Reading, *, list_name: str, usual: str) -> Start:
    list_id, agent_id = reading.uuid(list_name), reading.uuid("agent_id")
    named, pool = reading.callers(usual)
    callback_url, mail_to = reading.callback_url(), reading.mail_to()
    return Start(
        list_id=list_id,
        agent_id=agent_id,
        number_ids=tuple(one for one in named if parse_uuid(one)),
        numbers=tuple(one for one in named if not parse_uuid(one)),
        number_pool_id=pool,
        callback_url=callback_url,
        options={"email_completion_user_ids": list(mail_to)} if mail_to else {},
    )


def imported(done: Imported) -> responses.ListImported:
    return responses.ListImported(
        message="Contacts imported successfully!",
        list_id=done.id,
        custom_args_values=[dict(variables) for variables in done.first],
        total_rows=done.total_rows,
        successful_rows=done.successful_rows,
        failed_rows=done.failed_rows,
    )


def row(found: CampaignRow) -> responses.CampaignRow:
    campaign, counts = found.campaign, found.counts
    shown = responses.CampaignRow(
        id=campaign.id,
        name=campaign.name,
        campaign_status=_STATUS.get(campaign.state, campaign.state.value),
        created_at=instants.offset_micros(campaign.created_at),
        updated_at=instants.offset_micros(campaign.updated_at),
        campaign_start_time=instants.offset_micros(campaign.starts_at),
        campaign_end_time=instants.offset_micros(campaign.ends_at),
    )
    # Assigned, not passed: what is never set is left out of the answer.
    if counts is not None:
        shown.completed_count = counts.completed
        shown.registered_count = counts.registered
        shown.total_count = counts.total
    return shown


def uploaded(campaign: Campaign) -> responses.ListUploaded:
    return responses.ListUploaded(
        message="Contact list uploaded; it is read in the background",
        bulk_list_id=campaign.id,
        list_id=campaign.id,
        status=upload_status(campaign),
        campaign_name=campaign.name,
        total_rows=campaign.total_rows,
    )


def upload_report(campaign: Campaign, links: RecordingLinks) -> responses.UploadStatus:
    rejected = links.rejected_rows(campaign.workspace_id, campaign.id) if campaign.failed_rows else None
    report = responses.UploadStatus(
        campaign_id=campaign.id,
        bulk_list_id=campaign.id,
        status=upload_status(campaign),
        campaign_name=campaign.name,
        total_rows=campaign.total_rows,
        failed_rows=campaign.failed_rows,
        invalid_rows_url=rejected,
    )
    if campaign.trouble:
        report.message = campaign.trouble
    return report


def upload_status(campaign: Campaign) -> str:
    return _UPLOAD_STATUS.get(campaign.state, _READ)


def balance(campaign: Campaign, found: Balance) -> responses.BalanceChecked:
    available = found.available_micros
    return responses.BalanceChecked(
        bulk_list_id=campaign.id,
        status=upload_status(campaign),
        message="Balance is sufficient" if found.sufficient else "Balance is not sufficient",
        required_credits=found.required_micros / MICROS,
        available_credits=_UNCOUNTED if available is None else available / MICROS,
        sufficient_balance=found.sufficient,
    )
