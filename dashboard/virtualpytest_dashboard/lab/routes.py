"""The addresses of the lab.

/lab                       the wall of devices
/lab/hosts                 how hosts are
/lab/incidents             what was wrong with devices, while they were watched
/lab/campaigns, …          campaigns: see `campaigns.routes`
/lab/devices/{device}      one device, live
/api/…                     the same for programs: see `api`, and `hands` for what acts
/ws/lab                    live pictures and states, for our pages: see `live`
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route, WebSocketRoute

from virtualpytest_dashboard.campaigns.routes import ROUTES as CAMPAIGNS
from virtualpytest_dashboard.lab import api, hands, incident_pages, live, pages, record

_DEVICE = "/api/devices/{device}"

ROUTES: list[BaseRoute] = [
    Route("/lab", pages.devices, name="lab"),
    Route("/lab/hosts", pages.hosts, name="lab-hosts"),
    Route("/lab/incidents", incident_pages.page, name="lab-incidents"),
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
    *CAMPAIGNS,
    WebSocketRoute("/ws/lab", live.live, name="ws-lab"),
]
