"""Who may do what: the only place that answers. Small pure functions over an account, one branch a line.

A rule takes the account alone (`by_role`), or the account and a course (`by_course`). Views use `require` for the first
kind and `allow` for the second; both write a refusal to the ledger. Reading a record is an entry too:
`people.actions.note_reading`.
"""

from __future__ import annotations

from unstuck.clinic.people.access.by_course import *  # noqa: F403  # every rule under one name
from unstuck.clinic.people.access.by_role import *  # noqa: F403
from unstuck.clinic.people.guards import CourseLike as CourseLike
from unstuck.clinic.people.guards import P as P
from unstuck.clinic.people.guards import Rule as Rule
from unstuck.clinic.people.guards import View as View
from unstuck.clinic.people.guards import account_of as account_of
from unstuck.clinic.people.guards import allow as allow
from unstuck.clinic.people.guards import open_to_all as open_to_all
from unstuck.clinic.people.guards import refuse as refuse
from unstuck.clinic.people.guards import require as require

WALL = "unstuck_wall"
"""The mark of a browser session that shows the wall and nothing else: it does not time out, and it has no names."""
