"""`unstuck ghost` reads a simulated run; the clinic's own action takes it in."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from unstuck.cli import demo_fill
from unstuck.cli.demo_data import PROTOCOLS, fill
from unstuck.cli.ghost import pick_courses
from unstuck.cli.main import main
from unstuck.core.errors import Complaint
from unstuck.core.events import Origin, canonical_json
from unstuck.core.protocol_file import load_protocol
from unstuck.lab.trials.job import Wish, prepare
from unstuck.lab.trials.run import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    run(prepare(load_protocol("feder_2021"), Wish(("ketamine", "midazolam"), 3, 1, {})), out)
    return out


def test_all_courses_are_read_whole(folder):
    """Every course of the run comes back, its events in order and complete."""
    courses = pick_courses(folder, None)
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    assert len(courses) == 6
    assert [canonical_json(event) for course in courses for event in course] == lines


def test_a_few_people_are_spread_over_the_arms(folder):
    """Two of six people are one of each arm."""
    courses = pick_courses(folder, 2)
    assert [course[0].what.arm for course in courses] == ["ketamine", "midazolam"]


def test_a_real_event_is_refused(folder, tmp_path):
    """A line that does not say simulated stops the loading."""
    event = replace(pick_courses(folder, 1)[0][0], origin=Origin.CLINIC)
    (tmp_path / "events.jsonl").write_bytes(canonical_json(event) + b"\n")
    with pytest.raises(Complaint, match="not simulated"):
        pick_courses(tmp_path, None)


def test_a_folder_without_a_run_is_refused(tmp_path):
    """Where no run lies, the complaint names the folder."""
    with pytest.raises(Complaint, match=r"no events\.jsonl"):
        pick_courses(tmp_path, None)


def test_a_site_for_real_use_takes_no_ghosts(folder, tmp_path, monkeypatch, capsys):
    """Where UNSTUCK_HOME names a site that is no demonstration, nothing is loaded and the exit code is 2."""
    monkeypatch.setenv("UNSTUCK_HOME", str(tmp_path))
    monkeypatch.delenv("UNSTUCK_DEMO", raising=False)
    assert main(["ghost", str(folder), "--people", "1"]) == 2
    assert "no demonstration" in capsys.readouterr().err


def test_the_demonstration_has_sixty_people_in_every_protocol():
    """Sixty courses, ten a protocol, none of them without an enrolment."""
    courses = list(fill(datetime(2026, 3, 10, 14, tzinfo=UTC)))
    names = [course[0].what.protocol for course in courses]
    assert len(courses) == 60
    assert {names.count(key) for key in PROTOCOLS} == {10}


def test_visits_of_the_demonstration_keep_to_the_sites_clock(settings, monkeypatch):
    """In Auckland the people stand as they do there now, so that who came at nine came at nine of that clock."""
    settings.TIME_ZONE = "Pacific/Auckland"
    told = []
    monkeypatch.setattr(demo_fill, "fill", lambda on: told.append(on) or [])
    assert demo_fill._people(datetime(2027, 12, 31, 20, 30, tzinfo=UTC)) == []
    assert told[0].isoformat() == "2028-01-01T09:30:00+13:00"
