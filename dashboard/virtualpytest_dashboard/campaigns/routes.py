"""The addresses of campaigns.

/lab/campaigns             the campaigns of the lab file
/lab/campaign              one that is made here
/lab/testcases             the tests of campaigns
/lab/schedules             when they are begun
/api/…                     the same for programs: see the modules here, and `lab.campaign_pages`
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from virtualpytest_dashboard.campaigns import (
    case_pages,
    execution_pages,
    made_pages,
    progress,
    queue_pages,
    schedule_pages,
)
from virtualpytest_dashboard.lab import api, campaign_pages

_CAMPAIGN = "/api/campaigns/{campaign}"
_EXECUTION = "/api/execution/{execution:int}"
_SCHEDULE = "/api/schedules/{schedule:int}"

ROUTES: list[BaseRoute] = [
    Route("/lab/campaigns", campaign_pages.page, name="lab-campaigns"),
    Route("/lab/campaigns/{campaign}/progress", progress.piece, name="lab-campaign-progress"),
    Route("/lab/campaign", made_pages.page, name="lab-campaign"),
    Route("/lab/testcases", case_pages.page, name="lab-testcases"),
    Route("/lab/schedules", schedule_pages.page, name="lab-schedules"),
    Route("/api/campaigns", api.answered(campaign_pages.every), methods=["GET"], name="api-campaigns"),
    Route("/api/campaigns", made_pages.make, methods=["POST"], name="api-campaign-make"),
    Route(_CAMPAIGN, api.answered(campaign_pages.one), name="api-campaign"),
    Route(f"{_CAMPAIGN}/plan", api.answered(campaign_pages.plan), name="api-campaign-plan"),
    Route(f"{_CAMPAIGN}/start", campaign_pages.start, methods=["POST"], name="api-campaign-start"),
    Route(f"{_CAMPAIGN}/stop", campaign_pages.stop, methods=["POST"], name="api-campaign-stop"),
    Route(f"{_CAMPAIGN}/pause", campaign_pages.pause, methods=["POST"], name="api-campaign-pause"),
    Route(f"{_CAMPAIGN}/continue", campaign_pages.go_on, methods=["POST"], name="api-campaign-continue"),
    Route(f"{_CAMPAIGN}/progress", api.answered(progress.told), name="api-campaign-progress"),
    Route(f"{_CAMPAIGN}/change", made_pages.change, methods=["POST"], name="api-campaign-change"),
    Route(f"{_CAMPAIGN}/delete", made_pages.delete, methods=["POST"], name="api-campaign-delete"),
    Route(f"{_CAMPAIGN}/toml", api.answered(made_pages.toml), name="api-campaign-toml"),
    Route("/api/testcases", api.answered(case_pages.every), name="api-testcases"),
    Route("/api/execution", api.answered(execution_pages.every), methods=["GET"], name="api-executions"),
    Route("/api/execution", execution_pages.start, methods=["POST"], name="api-execution"),
    Route(_EXECUTION, api.answered(execution_pages.one), name="api-execution-one"),
    Route(f"{_EXECUTION}/stop", execution_pages.stop, methods=["POST"], name="api-execution-stop"),
    Route("/api/queue", api.answered(queue_pages.every), name="api-queue"),
    Route("/api/queue/{waiting:int}/withdraw", queue_pages.withdraw, methods=["POST"], name="api-queue-withdraw"),
    Route("/api/schedules", api.answered(schedule_pages.every), methods=["GET"], name="api-schedules"),
    Route("/api/schedules", schedule_pages.make, methods=["POST"], name="api-schedule-make"),
    Route(_SCHEDULE, schedule_pages.change, methods=["POST"], name="api-schedule"),
    Route(f"{_SCHEDULE}/pause", schedule_pages.pause, methods=["POST"], name="api-schedule-pause"),
    Route(f"{_SCHEDULE}/continue", schedule_pages.go_on, methods=["POST"], name="api-schedule-continue"),
    Route(f"{_SCHEDULE}/delete", schedule_pages.delete, methods=["POST"], name="api-schedule-delete"),
]
