"""Who may ask for what: the role that each address needs, by the name of its route.

A program's token needs a scope too: that of the role, unless the row says another, as in ``tester: campaigns``. What
needs the scope ``person`` is for people who have signed in, and for no token. An address that is not here is refused;
a test goes through the routes, so that none is forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

MISSING = "missing"
SCOPES = ("read", "control", "campaigns", "upload", "admin")
_SCOPE_OF = {"anybody": "", "viewer": "read", "tester": "control", "admin": "admin"}

NEEDS = {
    # what is nowhere, which not everybody may find out
    MISSING: "viewer",
    # what shows the dashboard lives, and what a page is made of
    "health": "anybody", "healthz": "anybody", "static": "anybody",
    "api": "viewer", "api-openapi": "viewer",
    # results
    "runs": "viewer", "measurements": "viewer", "measurement": "viewer", "run": "viewer", "timeline": "viewer",
    "groups": "viewer", "flaky": "viewer", "compare": "viewer", "notes": "viewer",
    "api-quarantine": "viewer", "api-note": "tester", "api-upload": "tester: upload",
    "removed": "viewer", "api-run-keep": "tester",
    "zip": "viewer", "report": "viewer", "test": "viewer", "attachment": "viewer", "events": "viewer",
    "metrics": "viewer",
    # the lab
    "lab": "viewer", "lab-hosts": "viewer", "lab-incidents": "viewer", "lab-campaigns": "viewer",
    "lab-device": "viewer", "api-hosts": "viewer", "api-devices": "viewer", "api-device": "viewer",
    "api-device-history": "viewer",
    "api-picture": "viewer", "api-frame": "viewer", "api-clip": "viewer", "api-restart-images": "viewer",
    "api-restart-image": "viewer", "api-incidents": "viewer", "api-incident-picture": "viewer",
    "api-monitoring": "viewer", "ws-lab": "viewer", "ws": "viewer",
    "api-take": "tester", "api-act": "tester", "api-keep": "tester", "api-release": "tester",
    # what begins campaigns
    "lab-campaign-progress": "viewer", "api-campaign-progress": "viewer",
    "lab-testcases": "viewer", "api-testcases": "viewer",
    "lab-campaign": "viewer", "api-campaign-make": "tester: campaigns", "api-campaign-change": "tester: campaigns",
    "api-campaign-delete": "tester: campaigns", "api-campaign-toml": "viewer", "api-executions": "viewer",
    "api-execution": "tester: campaigns", "api-execution-one": "viewer", "api-execution-stop": "tester: campaigns",
    "api-campaign-pause": "tester: campaigns", "api-campaign-continue": "tester: campaigns",
    "api-queue": "viewer", "api-queue-withdraw": "tester: campaigns", "lab-schedules": "viewer",
    "api-schedules": "viewer", "api-schedule-make": "tester: campaigns", "api-schedule": "tester: campaigns",
    "api-schedule-pause": "tester: campaigns", "api-schedule-continue": "tester: campaigns",
    "api-schedule-delete": "tester: campaigns",
    # campaigns
    "api-campaigns": "viewer", "api-campaign": "viewer", "api-campaign-plan": "tester: campaigns",
    "api-campaign-start": "tester: campaigns", "api-campaign-stop": "tester: campaigns",
    # people
    "sign-in": "anybody", "sign-in-form": "anybody", "first": "anybody", "first-form": "anybody",
    "api-sign-in": "anybody", "api-auth": "viewer", "sign-out": "viewer: person", "api-sign-out": "viewer: person",
    "api-password": "viewer: person", "me": "viewer: person",
    "api-sessions": "viewer: person", "api-session-end": "viewer: person",
    "api-tokens": "viewer: person", "api-token-add": "viewer: person", "api-token-rename": "viewer: person",
    "api-token-revoke": "viewer: person",
    "people": "admin", "audit": "admin", "api-audit": "admin",
    "api-users": "admin", "api-user-add": "admin", "api-user-change": "admin", "api-user-remove": "admin",
    "api-user-link": "admin",
    "api-teams": "admin", "api-team-add": "admin", "api-team-change": "admin", "api-team-remove": "admin",
}  # fmt: skip


@dataclass(frozen=True)
class Need:
    """The *role* that is needed at least, and the *scope* of a token."""

    role: str
    scope: str


def of(route: str) -> Need | None:
    """Return what the route of that name needs; None where it has no row, and nobody may."""
    role, _, scope = NEEDS.get(route, "").partition(": ")
    return Need(role, scope or _SCOPE_OF[role]) if role else None
