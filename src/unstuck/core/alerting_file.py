"""The alert policy from its TOML file: complaints name file, line and remedy."""

from __future__ import annotations

import hashlib

from unstuck.core.alerting import OTHER, Action, AlertKind, AlertPolicy, Duty, Stage, Urgency
from unstuck.core.library_file import library_root
from unstuck.core.sourced import Grade
from unstuck.core.toml_table import Table, read_toml

FILE = "alerts/usual.toml"


def library_text() -> str:
    """The text of the library's own policy."""
    return (library_root() / FILE).read_text(encoding="utf-8")


def content_hash(text: str) -> str:
    """SHA-256 in hex of a policy's text: what a signature names."""
    return hashlib.sha256(text.encode()).hexdigest()


def load_alert_policy() -> AlertPolicy:
    """The library's own policy. Raises Complaints."""
    return parse_alert_policy(library_text(), FILE)


def parse_alert_policy(text: str, where: str) -> AlertPolicy:
    """The policy that a TOML text describes. Raises Complaints with every fault and its line."""
    table = read_toml(text, where)
    policy = AlertPolicy(
        version=table.text("version"),
        remind_min=_minutes(table, "remind_every"),
        actions=tuple(_action(inner) for inner in table.tables("action")),
        kinds=tuple(_kind(inner) for inner in table.tables("kind")),
    )
    table.value("source")
    if not policy.knows(OTHER):
        table.say(None, f"There is no kind {OTHER!r}.", "Add one: it stands in for kinds that the file does not know.")
    table.finish()
    table.notes.refuse()
    return policy


def _kind(table: Table) -> AlertKind:
    kind = AlertKind(
        key=table.key(),
        title=table.text("title"),
        do=table.text("do"),
        urgency=table.choice("urgency", Urgency),
        chain=tuple(_stage(inner) for inner in table.tables("stage")),
        recheck_min=_minutes(table, "recheck"),
        closings=tuple(_action(inner) for inner in table.tables("closing")),
        source=table.text("source"),
        grade=table.choice("grade", Grade),
    )
    if not kind.chain:
        table.say(None, f"The kind {kind.key!r} has no stage.", "Say who must take it first, and within what time.")
    if not kind.closings:
        table.say(None, f"The kind {kind.key!r} can never be closed.", "Add a [[kind.closing]] for each way it ends.")
    table.finish()
    return kind


def _stage(table: Table) -> Stage:
    stage = Stage(table.choice("duty", Duty), _minutes(table, "within"))
    table.finish()
    return stage


def _action(table: Table) -> Action:
    action = Action(table.key(), table.text("words"))
    table.finish()
    return action


def _minutes(table: Table, key: str) -> float:
    """A span of the file as minutes; it must be longer than none."""
    minutes = table.span(key).minutes
    if minutes <= 0 and table.has(key):
        table.say(key, f"{key!r} must be longer than nothing.", 'Write for example "10 min".')
    return float(max(minutes, 1))
