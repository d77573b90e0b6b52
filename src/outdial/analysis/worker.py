"""The job of finding out what a finished talk told; with it, everything after a call has ended."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from outdial.analysis.heard import CALLEE, plain
from outdial.analysis.ports import Analyst
from outdial.analysis.rules import RuleAnalyst
from outdial.domain.agent import AnalysisPlan, Definition
from outdial.domain.analysis import Analysis, Talked
from outdial.domain.clock import Clock
from outdial.domain.errors import Broken, Unreachable
from outdial.domain.events import Event, EventType
from outdial.domain.hours import zone
from outdial.domain.job import Job, JobKind
from outdial.store import jobs
from outdial.store.agents.versions import AgentVersion, versions_by_id
from outdial.store.calls import analyses
from outdial.store.calls.analyses import Spoken
from outdial.store.database import Connection, Database
from outdial.store.events import append

CEILING: Final = timedelta(minutes=10)
"""How long after the end of a call its last event may come (Ringg §5.2)."""


class AnalysisWorker:
    """A ``JobWorker``. Four tries with the pauses between them take seven minutes at most, so they fit the ceiling.

    The analyst is given its ``most_s`` a try. A job that nobody came to in time gets ``least_s``: enough for whoever
    answers at all, and little enough for a queue before an endpoint that hangs to get shorter.
    """

    kind = JobKind.ANALYSIS
    most_tries = 4
    at_once = 8

    def __init__(self, db: Database, analyst: Analyst, clock: Clock, *, least_s: float = 10.0) -> None:
        # And time to write it down. Not much more: what a killed node was at is done again only then.
        self.lease_s = 1.5 * analyst.most_s
        self._db = db
        self._analyst = analyst
        self._rules = RuleAnalyst()
        self._clock = clock
        self._least_s = least_s

    async def work(self, job: Job) -> None:
        spoken = await self._db.read(analyses.spoken_in, job.subject)
        if spoken is None:
            await self._db.write(jobs.done, job)
            return
        try:
            analysis = await self._analysis_of(spoken, job)
        except Broken as fault:
            analysis = Analysis(trouble=str(fault))
        except Unreachable as trouble:
            if not self._is_late(job):
                raise
            analysis = Analysis(trouble=str(trouble))
        await self._end(job, spoken, analysis)

    async def give_up(self, job: Job, reason: str) -> None:
        spoken = await self._db.read(analyses.spoken_in, job.subject)
        if spoken is None:
            await self._db.write(jobs.done, job)
            return
        await self._end(job, spoken, Analysis(trouble=reason))

    async def _analysis_of(self, spoken: Spoken, job: Job) -> Analysis:
        """
        Raises:
            Unreachable: the analyst did not answer, or the database.
            Broken: the agent's version cannot be read.
        """
        version = await self._version(spoken.version_id)
        definition = version.definition
        talked = _talked(spoken, definition)
        has_words = any(speaker == CALLEE and plain(text) for speaker, text in talked.turns)
        analyst = self._analyst if has_words else self._rules
        left_s = (CEILING - (self._clock() - job.created_at)).total_seconds()
        limit_s = max(self._least_s, min(self._analyst.most_s, left_s))
        try:
            async with asyncio.timeout(limit_s):
                return _with_defaults(
                    await analyst.analyse(talked, version.analysis, definition.model), version.analysis
                )
        except TimeoutError:
            raise Unreachable(f"the analysis took longer than {limit_s:g} s") from None

    async def _version(self, version_id: str) -> AgentVersion:
        version = await self._db.read(lambda conn: versions_by_id(conn, [version_id]).get(version_id))
        if version is None:
            raise Broken(f"agent version {version_id} is gone")
        return version

    def _is_late(self, job: Job) -> bool:
        return self._clock() - job.created_at >= CEILING

    async def _end(self, job: Job, spoken: Spoken, analysis: Analysis) -> None:
        """The result and the facts, if the job is still ours."""
        at = self._clock()

        def work(conn: Connection) -> None:
            if jobs.done(conn, job):
                analyses.add(conn, job.subject, spoken.workspace_id, analysis, at)
                append(conn, _facts(job.subject, spoken, analysis, at))

        await self._db.write(work)


def _with_defaults(analysis: Analysis, plan: AnalysisPlan) -> Analysis:
    """Where the talk does not tell, what the owner said to take."""
    if analysis.client is None or not plan.defaults:
        return analysis
    told = {name: plan.defaults.get(name) if value is None else value for name, value in analysis.client.items()}
    return replace(analysis, client=told)


def _talked(spoken: Spoken, definition: Definition) -> Talked:
    return Talked(
        turns=spoken.turns,
        language=definition.language,
        timezone=spoken.timezone,
        began_at=spoken.began_at.astimezone(zone(spoken.timezone)).isoformat(timespec="seconds"),
        variables=spoken.variables,
        captured=spoken.captured,
    )


def _facts(call_id: str, spoken: Spoken, analysis: Analysis, at: datetime) -> list[Event]:
    found = {
        EventType.PLATFORM_ANALYSED: analysis.platform is not None,
        EventType.CLIENT_ANALYSED: analysis.client is not None,
        EventType.PROCESSED: True,
    }
    return [Event(call_id, spoken.workspace_id, type_, at, spoken.attempt) for type_, is_so in found.items() if is_so]
