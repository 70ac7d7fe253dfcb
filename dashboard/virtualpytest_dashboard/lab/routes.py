"""The addresses of the lab.

/lab                       the wall of devices
/lab/hosts                 how hosts are
/lab/incidents             what was wrong with devices, while they were watched
/lab/campaigns             the campaigns of the lab file
/lab/campaign              one that is made here
/lab/testcases             the tests of campaigns
/lab/schedules             when they are begun
/lab/devices/{device}      one device, live
/api/…                     the same for programs: see `api`, and `hands` for what acts
/ws/lab                    live pictures and states, for our pages: see `live`
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route, WebSocketRoute

from virtualpytest_dashboard.campaigns import case_pages, execution_pages, made_pages, queue_pages, schedule_pages
from virtualpytest_dashboard.lab import api, campaign_pages, hands, incident_pages, live, pages, record

_CAMPAIGN = "/api/campaigns/{campaign}"
_DEVICE = "/api/devices/{device}"
_EXECUTION = "/api/execution/{execution:int}"
_SCHEDULE = "/api/schedules/{schedule:int}"

ROUTES: list[BaseRoute] = [
    Route("/lab", pages.devices, name="lab"),
    Route("/lab/hosts", pages.hosts, name="lab-hosts"),
    Route("/lab/incidents", incident_pages.page, name="lab-incidents"),
    Route("/lab/campaigns", campaign_pages.page, name="lab-campaigns"),
    Route("/lab/campaign", made_pages.page, name="lab-campaign"),
    Route("/lab/testcases", case_pages.page, name="lab-testcases"),
    Route("/lab/schedules", schedule_pages.page, name="lab-schedules"),
    Route("/lab/devices/{device}", pages.device, name="lab-device"),
    Route("/api/hosts", api.answered(api.hosts), name="api-hosts"),
    Route("/api/devices", api.answered(api.devices), name="api-devices"),
    Route(_DEVICE, api.answered(api.device), name="api-device"),
    Route(f"{_DEVICE}/history", api.answered(record.history), name="api-device-history"),
    Route(f"{_DEVICE}/picture", api.answered(api.picture), name="api-picture"),
    Route(f"{_DEVICE}/frame", api.answered(api.frame), name="api-frame"),
    Route(f"{_DEVICE}/clip", api.answered(api.clip), name="api-clip"),
    Route(f"{_DEVICE}/control", hands.guarded(hands.take), methods=["POST"], name="api-take"),
    Route(f"{_DEVICE}/control/act", hands.guarded(hands.act), methods=["POST"], name="api-act"),
    Route(f"{_DEVICE}/control/keep", hands.guarded(hands.keep), methods=["POST"], name="api-keep"),
    Route(f"{_DEVICE}/control/release", hands.guarded(hands.release), methods=["POST"], name="api-release"),
    Route("/api/restart/images", api.answered(api.restart_images), name="api-restart-images"),
    Route("/api/restart/images/{captured}", api.answered(api.restart_image), name="api-restart-image"),
    Route("/api/incidents", api.answered(incident_pages.every), name="api-incidents"),
    Route(
        f"{_DEVICE}/incidents/{{incident}}/picture", api.answered(incident_pages.picture), name="api-incident-picture"
    ),
    Route("/api/monitoring", api.answered(api.monitoring), name="api-monitoring"),
    Route("/api/campaigns", api.answered(campaign_pages.every), methods=["GET"], name="api-campaigns"),
    Route("/api/campaigns", made_pages.make, methods=["POST"], name="api-campaign-make"),
    Route(_CAMPAIGN, api.answered(campaign_pages.one), name="api-campaign"),
    Route(f"{_CAMPAIGN}/plan", api.answered(campaign_pages.plan), name="api-campaign-plan"),
    Route(f"{_CAMPAIGN}/start", campaign_pages.start, methods=["POST"], name="api-campaign-start"),
    Route(f"{_CAMPAIGN}/stop", campaign_pages.stop, methods=["POST"], name="api-campaign-stop"),
    Route(f"{_CAMPAIGN}/pause", campaign_pages.pause, methods=["POST"], name="api-campaign-pause"),
    Route(f"{_CAMPAIGN}/continue", campaign_pages.go_on, methods=["POST"], name="api-campaign-continue"),
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
    WebSocketRoute("/ws/lab", live.live, name="ws-lab"),
]
