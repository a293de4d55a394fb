"""The checker: each kind of fault, planted in a sound protocol, is found at its line with a way to mend it."""

from __future__ import annotations

import pytest

from unstuck.core.drug_file import Drug, DrugCap
from unstuck.core.errors import Complaint
from unstuck.core.library_file import library_root
from unstuck.core.protocol_check import Recalled, check, check_file, why_not_released
from unstuck.core.protocol_file import load_protocol, parse_protocol, protocol_keys
from unstuck.core.sourced import Grade

SOUND = """key = "sound"
version = "1"
title = "Sound"
summary = "A sound protocol with every part."
sources = ["someone_2020"]
blinded = ["patient"]

[evidence]
strength = "low"
why = "One trial."
gaps = ["The highest amount in mg is ours."]

[[evidence.finding]]
sentence = "It helped some."
source = "someone_2020"

[[step]]
key = "consent"
title = "Consent"
do = "consent"
form = "treatment"
after = "enrolment"
window = ["0 d", "0 d", "7 d"]
source = "someone_2020"

[[step]]
key = "baseline"
title = "Baseline"
do = "assess"
instruments = ["pcl5_week", "cssrs_screen"]
readings = ["weight_kg"]
after = "step consent"
window = ["0 d", "1 d", "7 d"]
needs = ["consent"]
source = "someone_2020"

[[step]]
key = "infusion"
title = "Infusion"
do = "dose"
regimen = "study_drug"
after = "step baseline"
window = ["1 d", "2 d", "7 d"]
repeat = {times = 3, every = ["6 d", "7 d", "8 d"]}
source = "someone_2020"

[[step]]
key = "session"
title = "Session"
do = "expose"
therapy = "pe"
after = "each dose"
window = ["24 h", "48 h", "72 h"]
source = "someone_2020"

[[step]]
key = "later"
title = "Later"
do = "assess"
instruments = ["pcl5_week"]
by = "nurse"
after = "dose 3"
window = ["6 d", "7 d", "9 d"]
when = {at_least = ["doses", 3]}
source = "someone_2020"

[[regimen]]
key = "ketamine"
drug = "ketamine"
route = "iv_infusion"
amount = 0.5
cap_mg = 50
minutes = 40
source = "someone_2020"

[[regimen]]
key = "control"
drug = "midazolam"
route = "iv_infusion"
amount = 0.045
cap_mg = 9
source = "someone_2020"

[[gate]]
key = "pressure"
before = "dose"
rule = {within = "60 min", rule = {at_most = ["systolic_mmhg", 140]}}
why = "A high pressure rises further."
source = "someone_2020"

[[gate]]
key = "asked"
before = "infusion"
rule = {not = {is = ["cssrs_screen.risk", "high"]}}
why = "High risk is for the prescriber."
source = "someone_2020"

[[limit]]
kind = "dose"
most = 1
per = "6 d"
source = "someone_2020"

[[arm]]
key = "active"
title = "Active"
regimens = {study_drug = "ketamine"}

[[arm]]
key = "control"
title = "Control"
regimens = {study_drug = "control"}

[[endpoint]]
key = "response"
title = "Response"
kind = "response"
instrument = "pcl5_week"
at = "later"
fall_points = 15
source = "someone_2020"

[monitoring]
profile = "own"
discharge = {at_least = ["minutes_since_dose_end", 60]}
source = "someone_2020"

[[monitoring.reading]]
readings = ["systolic_mmhg"]
phase = "before"
source = "someone_2020"

[[monitoring.alert]]
key = "high"
rule = {at_least = ["systolic_mmhg", 161]}
action = "Call."
source = "someone_2020"
"""

INSTRUMENTS = {
    "pcl5_week": Recalled("pcl5", "week"),
    "pcl5_month": Recalled("pcl5", "month"),
    "cssrs_screen": Recalled("cssrs", "month"),
    "caps5": Recalled("caps5", "month"),
}
DRUGS = {
    "ketamine": Drug(
        "ketamine", "Ketamine", True, "It was.", "fda", (DrugCap("iv_infusion", 1.0, 100.0, "x", Grade.ASSUMED),)
    ),
    "midazolam": Drug(
        "midazolam", "Midazolam", True, "It is.", "x", (DrugCap("iv_infusion", 0.045, 9.0, "x", Grade.ASSUMED),)
    ),
}


def complaints(text: str) -> tuple[Complaint, ...]:
    return check(text, "sound.toml", references={"someone_2020"}, instruments=INSTRUMENTS, drugs=DRUGS)


def test_sound() -> None:
    """The protocol into which the faults are planted has none itself, as text and as a value."""
    assert complaints(SOUND) == ()
    protocol = parse_protocol(SOUND, "sound.toml")
    assert check(protocol, references={"someone_2020"}, instruments=INSTRUMENTS, drugs=DRUGS) == ()


def replaced(right: str, wrong: str) -> str:
    """The sound text with one passage exchanged."""
    assert SOUND.count(right) == 1, f"{right!r} stands {SOUND.count(right)} times"
    return SOUND.replace(right, wrong)


SESSION = 'after = "each dose"'
FAULTS = {
    "unknown step in after": ('after = "step baseline"', 'after = "step baselin"', "Did you mean 'baseline'"),
    "unknown step in needs": ('needs = ["consent"]', 'needs = ["consnt"]', "no step 'consnt'"),
    "unknown step before a gate": ('before = "infusion"', 'before = "infuson"', "Did you mean 'infusion'"),
    "unknown kind before a gate": ('before = "dose"', 'before = "dosing"', "no step or kind of activity"),
    "unknown step of an endpoint": ('at = "later"', 'at = "latr"', "no step 'latr'"),
    "endpoint at a step that does not ask": ('at = "later"', 'at = "infusion"', "does not ask pcl5_week"),
    "unknown instrument": ('["pcl5_week", "cssrs_screen"]', '["pcl5_week", "cssrs"]', "no instrument 'cssrs'"),
    "unknown reading": ('["weight_kg"]', '["weight"]', "Did you mean 'weight_kg'"),
    "unknown therapy": ('therapy = "pe"', 'therapy = "pet"', "no therapy 'pet'"),
    "unknown role": ('by = "nurse"', 'by = "nures"', "no role 'nures'"),
    "unknown blinded role": ('blinded = ["patient"]', 'blinded = ["patients"]', "no role 'patients'"),
    "unknown drug": ('drug = "ketamine"\nroute', 'drug = "ketamin"\nroute', "Did you mean 'ketamine'"),
    "unknown route of a drug": (
        'route = "iv_infusion"\namount = 0.5',
        'route = "im"\namount = 0.5',
        "knows no route 'im'",
    ),
    "unknown kind of a limit": ('kind = "dose"', 'kind = "doses"', "Did you mean 'dose'"),
    "unknown regimen of an arm": ('{study_drug = "ketamine"}', '{study_drug = "ketamin"}', "no regimen 'ketamin'"),
    "arm without a regimen": ('title = "Active"\nregimens = {study_drug = "ketamine"}', 'title = "Active"', "names no"),
    "step without a regimen in an arm": ('regimen = "study_drug"', 'regimen = "other"', "no regimen in the arm"),
    "arm names a regimen no step uses": ('"control"}', '"control", other = "control"}', "no dose step with"),
    "step that stands twice": ('key = "later"', 'key = "session"', "'session' stands twice"),
    "gate that stands twice": ('key = "asked"', 'key = "pressure"', "'pressure' stands twice"),
    "regimen that stands twice": ('key = "control"\ndrug', 'key = "ketamine"\ndrug', "'ketamine' stands twice"),
    "source not in the references": (
        'why = "A high pressure rises further."\nsource = "someone_2020"',
        'why = "A high pressure rises further."\nsource = "nobody"',
        "not in the references",
    ),
    "source that is missing": (
        'form = "treatment"\nafter = "enrolment"\nwindow = ["0 d", "0 d", "7 d"]\nsource = "someone_2020"',
        'form = "treatment"\nafter = "enrolment"\nwindow = ["0 d", "0 d", "7 d"]',
        "lacks 'source'",
    ),
    "unknown source of the whole": (
        'sources = ["someone_2020"]',
        'sources = ["someone_2002"]',
        "not in the references",
    ),
    "steps that wait for each other": ('after = "enrolment"', 'after = "step later"', "wait for each other"),
    "step that waits for itself": ('after = "enrolment"', 'after = "step consent"', "wait for each other"),
    "step counted further than it goes": (SESSION, 'after = "step infusion 4"', "happens 3 times"),
    "dose that never comes": ('after = "dose 3"', 'after = "dose 4"', "given 3 times"),
    "session that never comes": ('after = "dose 3"', 'after = "therapy 4"', "held 3 times"),
    "window before its anchor": ('["24 h", "48 h", "72 h"]', '["-72 h", "-48 h", "-24 h"]', "is over before"),
    "repeat beside each dose": (
        SESSION,
        SESSION + '\nrepeat = {times = 2, every = ["1 d", "2 d", "3 d"]}',
        "repeats besides",
    ),
    "repeat that goes back": ('["6 d", "7 d", "8 d"]', '["-8 d", "-7 d", "0 d"]', "would not lie after"),
    "limit the schedule breaks": ('per = "6 d"', 'per = "8 d"', "the limit is 1"),
    "dose above the cap by weight": ("amount = 0.5", "amount = 1.5", "above the cap of 1 mg/kg"),
    "dose range above the cap": ("cap_mg = 50", "cap_mg = 50\nhighest = 2", "above the cap of 1 mg/kg"),
    "dose above the cap in mg": ("cap_mg = 50", "cap_mg = 500", "above the cap of 100 mg"),
    "dose without a ceiling": ("cap_mg = 50\n", "", "no highest amount in mg"),
    "dose in mg above the cap": ("amount = 0.5", 'unit = "mg"\namount = 150', "above the cap of 100 mg"),
    "dose outside a supervised site": (
        'regimen = "study_drug"',
        'regimen = "study_drug"\nsetting = "home"',
        "outside a superv",
    ),
    "gate on a reading nobody takes": ('["systolic_mmhg", 140]', '["spo2_percent", 95]', "no step takes spo2_percent"),
    "gate on a score nobody takes": ('["cssrs_screen.risk", "high"]', '["caps5.total", 3]', "no step asks caps5"),
    "gate on an unknown person fact": ('["systolic_mmhg", 140]', '["person.weigth", 140]', "Nobody states"),
    "gate on nothing known": ('["systolic_mmhg", 140]', '["systolic", 140]', "Did you mean 'systolic_mmhg'"),
    "gate on a step that is not there": ('["doses", 3]', '["done.infuson", 3]', "no step 'infuson'"),
    "condition on what nobody takes": (
        '{at_least = ["doses", 3]}',
        '{at_least = ["caps5.total", 3]}',
        "no step asks caps5",
    ),
    "alert on what nobody takes": ('["systolic_mmhg", 161]', '["pulse_per_min", 121]', "no step takes pulse"),
    "discharge on what nobody takes": ('"minutes_since_dose_end", 60', '"spo2_percent", 95', "no step takes spo2"),
    "weekly and monthly mixed": (
        'instruments = ["pcl5_week"]',
        'instruments = ["pcl5_week", "pcl5_month"]',
        "would mix them",
    ),
    "endpoint nobody asks": ('instrument = "pcl5_week"', 'instrument = "caps5"', "no step asks"),
    "endpoint without a threshold": ("fall_points = 15\n", "", "has no threshold"),
    "unknown reading in the plan": ('readings = ["systolic_mmhg"]', 'readings = ["systolic"]', "no reading 'systolic'"),
    "highest below the amount": ("cap_mg = 50", "cap_mg = 50\nhighest = 0.1", "lies below the amount"),
    "negative amount": ("amount = 0.5", "amount = -0.5", "below 0"),
    "non-response without a count": ('kind = "response"', 'kind = "non_response"', "counts no doses"),
    "unknown instrument of an endpoint": ('instrument = "pcl5_week"', 'instrument = "pcl5"', "no instrument 'pcl5'"),
    "unknown curve": ('version = "1"', 'version = "1"\ncurve = "pcl5"', "no instrument 'pcl5'"),
    "curve nobody asks": ('version = "1"', 'version = "1"\ncurve = "caps5"', "has no curve"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_planted_fault(name: str) -> None:
    """A planted fault is complained of at the line where it was planted, with a way to mend it."""
    right, wrong, words = FAULTS[name]
    text = replaced(right, wrong)
    told = [c for c in complaints(text) if words in str(c)]
    assert told, [str(c) for c in complaints(text)]
    assert all(c.mend for c in told)
    assert {c.where for c in told} <= {f"sound.toml:{n}" for n in near_lines(right, wrong)}


def near_lines(right: str, wrong: str) -> range:
    """The lines of the tables around the planted passage."""
    start = SOUND[: SOUND.index(right)].count("\n") + 1
    first = SOUND[: SOUND.index(right)].rfind("\n[") if start > 7 else 0
    return range(SOUND[: first + 1].count("\n") + 1, start + wrong.count("\n") + 2)


WHOLE = {
    "regimen nobody gives": ([('{study_drug = "control"}', '{study_drug = "ketamine"}')], "given by no step"),
    "amount missing and no gap": (
        [("amount = 0.5\n", ""), ('gaps = ["The highest amount in mg is ours."]\n', "")],
        "no gap",
    ),
    "consent nobody asks": (
        [
            ('do = "consent"\nform = "treatment"', 'do = "contact"\nabout = "Terms"'),
            ('["systolic_mmhg", 140]', '["consent", 1]'),
        ],
        "no step asks for it",
    ),
    "score that is only asked later": (
        [
            ('"pcl5_week", "cssrs_screen"]', '"pcl5_week"]'),
            ('instruments = ["pcl5_week"]\nby', 'instruments = ["pcl5_week", "cssrs_screen"]\nby'),
        ],
        "no earlier step asks cssrs_screen",
    ),
    "needed step comes too late": (
        [
            ('needs = ["consent"]', 'needs = ["consent", "late"]'),
            (
                '[[regimen]]\nkey = "ketamine"',
                '''[[step]]
key = "late"
title = "Late"
do = "contact"
about = "Late"
after = "enrolment"
window = ["60 d", "61 d", "62 d"]
source = "someone_2020"

[[regimen]]
key = "ketamine"''',
            ),
        ],
        "after the window has closed",
    ),
    "nobody watches the dose": ([(SOUND[SOUND.index("[monitoring]") :], "")], "nothing says what is read"),
    "curve only after treatment": (
        [('["pcl5_week", "cssrs_screen"]', '["cssrs_screen"]')],
        "never asked before treatment",
    ),
    "step that assesses nothing": (
        [('instruments = ["pcl5_week", "cssrs_screen"]\nreadings = ["weight_kg"]\n', "")],
        "assesses nothing",
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_planted_fault_of_several_lines(name: str) -> None:
    """A fault that takes several lines to plant is found."""
    pairs, words = WHOLE[name]
    text = SOUND
    for right, wrong in pairs:
        assert text.count(right) == 1
        text = text.replace(right, wrong)
    told = [c for c in complaints(text) if words in str(c)]
    assert told, [str(c) for c in complaints(text)]
    assert all(c.mend and c.where for c in told)


def test_all_in_one_pass() -> None:
    """Faults of reading and of meaning are told together, in the order of their lines."""
    text = replaced('by = "nurse"', 'by = "nures"').replace('do = "expose"', 'do = "exposed"')
    text = text.replace("most = 1", "most = true")
    text = text.replace('"ketamine"\nroute', '"ketamin"\nroute')
    told = complaints(text)
    lines = [int(str(c.where).rpartition(":")[2]) for c in told]
    assert len(told) >= 4
    assert lines == sorted(lines)


def test_profile_faults_stand_at_its_line() -> None:
    """A gate that a monitoring profile brings in is complained of at the line that names the profile."""
    text = SOUND[: SOUND.index("[monitoring]")] + '[monitoring]\nprofile = "strict"\n'
    profile = [c for c in complaints(text) if "canmat_2021" in str(c)]
    line = text[: text.index("profile =")].count("\n")
    assert {c.where for c in profile} <= {f"sound.toml:{line}", f"sound.toml:{line + 1}"}
    assert profile


@pytest.mark.parametrize("key", protocol_keys())
def test_library_is_sound(key: str) -> None:
    """The checker has nothing to complain of in any protocol of the library."""
    assert [str(c) for c in check_file(library_root() / "protocols" / f"{key}.toml")] == []


def test_frame_cannot_be_released() -> None:
    """The frame without a drug is sound and cannot be released; every other protocol of the library can."""
    closed = {key for key in protocol_keys() if why_not_released(load_protocol(key))}
    assert closed == {"maps_frame"}
