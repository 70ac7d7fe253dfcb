"""Who may ask for what: the role that each address needs, by the name of its route.

An address that is not here is refused; a test goes through the routes, so that none is forgotten.
"""

from __future__ import annotations

NEEDS = {
    # what shows the dashboard lives, and what a page is made of
    "health": "anybody", "healthz": "anybody", "static": "anybody",
    # results
    "runs": "viewer", "measurements": "viewer", "measurement": "viewer", "run": "viewer", "timeline": "viewer",
    "groups": "viewer", "flaky": "viewer", "compare": "viewer",
    "zip": "viewer", "report": "viewer", "test": "viewer", "attachment": "viewer", "events": "viewer",
    "metrics": "viewer",
    # the lab
    "lab": "viewer", "lab-hosts": "viewer", "lab-incidents": "viewer", "lab-campaigns": "viewer",
    "lab-device": "viewer", "api-hosts": "viewer", "api-devices": "viewer", "api-device": "viewer",
    "api-picture": "viewer", "api-frame": "viewer", "api-clip": "viewer", "api-restart-images": "viewer",
    "api-restart-image": "viewer", "api-incidents": "viewer", "api-incident-picture": "viewer",
    "api-monitoring": "viewer", "ws-lab": "viewer",
    "api-take": "tester", "api-act": "tester", "api-keep": "tester", "api-release": "tester",
    # what begins campaigns
    "api-campaign-pause": "tester", "api-campaign-continue": "tester",
    "api-queue": "viewer", "api-queue-withdraw": "tester", "lab-schedules": "viewer", "api-schedules": "viewer",
    "api-schedule-make": "tester", "api-schedule": "tester", "api-schedule-pause": "tester",
    "api-schedule-continue": "tester", "api-schedule-delete": "tester",
    # campaigns
    "api-campaigns": "viewer", "api-campaign": "viewer", "api-campaign-plan": "tester",
    "api-campaign-start": "tester", "api-campaign-stop": "tester",
}  # fmt: skip
