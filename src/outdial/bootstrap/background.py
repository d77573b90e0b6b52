"""What a node does beside answering and dialling: webhooks, jobs, and keeping its own files of knowledge bases."""

from __future__ import annotations

import asyncio

from outdial.analysis.worker import AnalysisWorker
from outdial.api.native.calls import translate as native
from outdial.api.native.webhooks.payloads import NativeSubscriptions
from outdial.api.recordings import RecordingLinks
from outdial.api.ringg.calls import translate as ringg
from outdial.api.ringg.calls.names import spelled
from outdial.api.ringg.webhooks import callbacks, subscriptions
from outdial.api.ringg.webhooks.callbacks import RinggCallbacks
from outdial.api.ringg.webhooks.subscriptions import RinggSubscriptions
from outdial.bootstrap.analyst import analyst_for
from outdial.campaigns.worker import CampaignWorker, ImportWorker
from outdial.domain.clock import utc_now
from outdial.jobs.runner import Jobs
from outdial.knowledge.shelf import Shelf
from outdial.knowledge.worker import KnowledgeWorker
from outdial.outgoing.fetching import Fetcher
from outdial.outgoing.targets import Targets
from outdial.settings import Settings
from outdial.store.database import Database
from outdial.webhooks.claiming import Pace
from outdial.webhooks.ports import by_kind
from outdial.webhooks.runner import Webhooks


class Background:
    """Stopped like everything else of a node: what is under way may end, nothing new begins."""

    def __init__(self, settings: Settings, database: Database, links: RecordingLinks) -> None:
        targets = Targets(settings.webhook_allowed_networks, settings.webhook_https_only)
        per_call = RinggCallbacks(links, settings.callback_body)
        per_agent, own = RinggSubscriptions(links), NativeSubscriptions(links)
        self.webhooks = Webhooks(
            database,
            [per_call, per_agent, own],
            {
                ringg.DIALECT: by_kind({callbacks.KIND: per_call.translate, subscriptions.KIND: per_agent.translate}),
                native.DIALECT: own.translate,
            },
            targets=targets,
            clock=utc_now,
            pace=Pace(concurrency=settings.webhook_concurrency),
            secret=settings.webhook_secret.get_secret_value(),
        )
        self._analyst = analyst_for(settings)
        self.jobs = Jobs(
            database,
            [
                KnowledgeWorker(database, Fetcher(targets), utc_now),
                ImportWorker(database, spelled, utc_now),
                CampaignWorker(database, {ringg.DIALECT: ringg.overrides}, utc_now, settings.language_models),
                AnalysisWorker(database, self._analyst, utc_now),
            ],
            utc_now,
        )
        self._shelf = Shelf(database, settings.knowledge_dir)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for name, work in (("webhooks", self.webhooks), ("jobs", self.jobs), ("knowledge", self._shelf)):
                    group.create_task(work.run(), name=name)
        finally:
            await self._analyst.close()

    def stop(self) -> None:
        self.webhooks.stop()
        self.jobs.stop()
        self._shelf.stop()
