"""The addresses of people.

/sign-in, /sign-out, /first/{secret}     who one is: see `sign_in`
/me                                      one's own password, sessions and tokens
/people, /people/audit                   for admins: users and teams, and what everybody did
/api/auth, /api/sessions, /api/tokens    one's own: see `sign_in` and `own`
/api/users, /api/teams, /api/audit       for admins: see `administration`
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from virtualpytest_dashboard.people import administration, own, sign_in

_USER, _TEAM = "/api/users/{user}", "/api/teams/{team}"

ROUTES: list[BaseRoute] = [
    Route("/sign-in", sign_in.form, name="sign-in"),
    Route("/sign-in", sign_in.sign_in, methods=["POST"], name="sign-in-form"),
    Route("/sign-out", sign_in.sign_out, methods=["POST"], name="sign-out"),
    Route("/first/{secret}", sign_in.first, name="first"),
    Route("/first/{secret}", sign_in.use_first, methods=["POST"], name="first-form"),
    Route("/api/auth", sign_in.me, name="api-auth"),
    Route("/api/auth", sign_in.api_sign_in, methods=["POST"], name="api-sign-in"),
    Route("/api/auth", sign_in.api_password, methods=["PATCH"], name="api-password"),
    Route("/api/auth", sign_in.api_sign_out, methods=["DELETE"], name="api-sign-out"),
    Route("/me", own.page, name="me"),
    Route("/api/sessions", own.every_session, name="api-sessions"),
    Route("/api/sessions/{session}", own.end_session, methods=["DELETE"], name="api-session-end"),
    Route("/api/tokens", own.every_token, name="api-tokens"),
    Route("/api/tokens", own.add_token, methods=["POST"], name="api-token-add"),
    Route("/api/tokens/{token}", own.rename_token, methods=["PATCH"], name="api-token-rename"),
    Route("/api/tokens/{token}", own.revoke_token, methods=["DELETE"], name="api-token-revoke"),
    Route("/people", administration.page, name="people"),
    Route("/people/audit", administration.audit_page, name="audit"),
    Route("/api/audit", administration.every_deed, name="api-audit"),
    Route("/api/users", administration.every_user, name="api-users"),
    Route("/api/users", administration.add_user, methods=["POST"], name="api-user-add"),
    Route(_USER, administration.change_user, methods=["PATCH"], name="api-user-change"),
    Route(_USER, administration.remove_user, methods=["DELETE"], name="api-user-remove"),
    Route(f"{_USER}/link", administration.link_user, methods=["POST"], name="api-user-link"),
    Route("/api/teams", administration.every_team, name="api-teams"),
    Route("/api/teams", administration.add_team, methods=["POST"], name="api-team-add"),
    Route(_TEAM, administration.change_team, methods=["PATCH"], name="api-team-change"),
    Route(_TEAM, administration.remove_team, methods=["DELETE"], name="api-team-remove"),
]
