"""Trial designs: read, checked, hashed and swept; every fault is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trial_designs import SMALL, small
from unstuck.core.errors import Complaint
from unstuck.core.estimands import Happening, Strategy
from unstuck.core.trial import Truth, design_hash, design_text
from unstuck.core.trial_file import parse_design
from unstuck.core.trial_sweep import cells

LOOKS = '[interim]\nlooks = [0.5, 1.0]\nspending = "pocock"\n'
COSTS = '[costs]\ncurrency = "USD"\ndose = {value = -5, source = "author", grade = "assumed"}\n\n[estimand]'
FAULTS = [
    (("control = true\n", ""), "only one, is the control"),
    (("size = 12", "size = 2"), "size = 2 is too small"),
    (("block = 4", "block = 3"), "cannot hold the ratio"),
    (('strata = ["site"', 'strata = ["colour"'), "Unknown stratum 'colour'"),
    (('outcome = "caps5"', 'outcome = "moca"'), "'moca' is not simulated"),
    (("day = 14", "day = 8"), "overlap"),
    (("alpha = 0.05", "alpha = 5"), "alpha = 5 is no error rate"),
    (("primary = true\n", ""), "only one, is the primary"),
    (('left_study = "hypothetical"', 'left_study = "principal_stratum"'), "shows one arm only"),
    (('left_study = "hypothetical"', 'left_study = "composite"'), "needs failure_change"),
    (('left_study = "hypothetical"', 'left_study = "treatment_policy"'), "after leaving nothing is measured"),
    (('believed_arm = "treatment_policy"', 'believed_arm = "hypothetical"'), "partly from relief"),
    (('method = "mmrm"', 'method = "j2r"'), "j2r estimates treatment_policy"),
    (('method = "mmrm"', 'method = "mmrm"\nestimand = "other"'), "no estimand 'other'"),
    (('method = "mmrm"', 'method = "mmrm"\nadjust = ["colour"]'), "cannot adjust for 'colour'"),
    (('method = "mmrm"', 'method = "mmrm"\ntherapist_effect = true'), "built for ancova"),
    (('left_study = "hypothetical", ', ""), "says nothing of left_study"),
    (("fall_percent = 30", ""), "fall_percent belongs to responders"),
    (("value = 0.85", "value = 1.85"), "is no share"),
    (("day = 7", "dey = 7\nday = 7"), "has no key 'dey'"),
    (("size = 12", 'size = "twelve"'), "'size' must be a whole number, not 'twelve'"),
    (("[allocation]", '[leaving]\nmechanism = "mar"\n\n[allocation]'), "MAR needs share and per_10"),
    (("[allocation]", '[interim]\nlooks = [0.9, 0.5]\nspending = "pocock"\n\n[allocation]'), "do not rise to 1"),
    (("[allocation]", '[interim]\nlooks = ["0.5", 1.0]\nspending = "pocock"\n\n[allocation]'), "a list of numbers"),
    (("[allocation]", '[interim]\nlooks = 0.5\nspending = "pocock"\n\n[allocation]'), "a list of numbers"),
    (("per_month = 4", "per_month = 4\ntruths = []"), "No truth is simulated"),
    (("per_month = 4", 'per_month = 4\ntruths = ["wish"]'), "Unknown truth 'wish'"),
    (("per_month = 4", 'per_month = 4\ntruths = ["drawn", "drawn"]'), "drawn is named twice"),
    (("value = -4.0, low = -8.0, high = 0.0", "value = 4.0, low = 0.0, high = 8.0"), "let belief make people worse"),
    (("site_sd = {value = 2.0", "site_sd = {value = -2.0"), "is no spread"),
    (("fall_percent = 30", "fall_percent = 300"), "fall_percent = 300 is no fall"),
    (("[estimand]", COSTS), "costs.dose = -5 lies below nothing"),
    (("[allocation]", f"{LOOKS}planned_sd = 12.0\n\n[allocation]"), "says nothing without reestimate_to"),
]


@pytest.mark.parametrize(("change", "said"), FAULTS, ids=[f"{n} {said}" for n, (_, said) in enumerate(FAULTS)])
def test_every_fault_is_told(change, said):
    """Each faulty design is refused in words that name the fault."""
    with pytest.raises(Complaint, match=said):
        small(change)


def test_events_and_further_estimands_are_read_and_held_to():
    """An event needs a strategy in every estimand, a further estimand is found by its analysis, and both are hashed."""
    event = '[[event]]\nhappening = "rescue"\nshare = {value = 0.1, source = "author", grade = "assumed"}\n'
    with pytest.raises(Complaint, match="says nothing of rescue"):
        small(("[allocation]", f"{event}\n[allocation]"))
    more = (
        f'{event}\n[[further_estimand]]\nkey = "failure"\npopulation = "All."\nsummary = "Response."\nstrategies = '
        '{left_study = "composite", stopped_treatment = "composite", believed_arm = "treatment_policy", '
        'rescue = "composite"}\n\n[allocation]'
    )
    rescue = ('believed_arm = "treatment_policy"}', 'believed_arm = "treatment_policy", rescue = "hypothetical"}')
    design = small(("[allocation]", more), rescue, ("fall_percent = 30", 'fall_percent = 30\nestimand = "failure"'))
    with pytest.raises(Complaint, match="who has no score counts as no responder"):
        small(("[allocation]", more), rescue)
    assert design.estimand_of(design.analyses[1]).strategy(Happening.RESCUE) is Strategy.COMPOSITE
    assert design.estimand_of(design.analyses[0]) is design.estimand and design.hash != small().hash


def test_nested_therapists_are_no_fixed_effects():
    """Therapists who treat in one arm only cannot be adjusted for as fixed effects; the refusal names the remedy."""
    with pytest.raises(Complaint, match="therapist_effect = true"):
        small(
            ("site_sd =", "nested = true\nsite_sd ="), ('method = "mmrm"', 'method = "ancova"\nadjust = ["therapist"]')
        )


def test_all_faults_are_told_at_once():
    """A design with two faults is refused once, with both."""
    with pytest.raises(Complaint) as told:
        small(("block = 4", "block = 3"), ("alpha = 0.05", "alpha = 5"))
    assert "2 complaints" in str(told.value) and "block of 3" in str(told.value)


def test_a_design_says_what_it_estimates():
    """The estimand's strategies, the control and the figures nobody measured are read as they stand in the file."""
    design = small()
    assert design.estimand.strategy(Happening.LEFT_STUDY) is Strategy.HYPOTHETICAL
    assert (design.control.key, [a.key for a in design.active], design.final.day) == ("midazolam", ["ketamine"], 14)
    assert {name for name, _ in design.assumed()} >= {"arm ketamine.believes", "unblinding.points"}


def test_assurance_is_the_default_and_first():
    """Unless the file names scenarios, assurance comes first and all that the design can answer follow."""
    assert small().truths == (Truth.DRAWN, Truth.PUBLISHED, Truth.NULL, Truth.FOOLED)
    without = SMALL[: SMALL.index("[unblinding]")] + SMALL[SMALL.index("[estimand]") :]
    assert Truth.FOOLED not in parse_design(without).truths


@settings(max_examples=25, deadline=None)
@given(st.integers(4, 4000), st.sampled_from((4, 8, 12)), st.floats(0.001, 0.4))
def test_the_hash_follows_the_content(size, block, alpha):
    """Equal designs have equal texts and hashes; any other size, block or alpha has another hash."""
    changed = small(("size = 12", f"size = {size}"), ("block = 4", f"block = {block}"), ("0.05", f"{alpha!r}"))
    again = small(("size = 12", f"size = {size}"), ("block = 4", f"block = {block}"), ("0.05", f"{alpha!r}"))
    assert changed == again and changed.hash == again.hash == design_hash(again)
    assert (changed.hash == small().hash) == (design_text(changed) == design_text(small()))


def test_a_sweep_makes_every_combination():
    """Two fields with two and three values make six designs, each with what was set and a hash of its own."""
    fields = '[sweep]\nsize = [12, 24]\n"arm.ketamine.believes" = [0.5, 0.7, 0.9]\n\n[allocation]'
    swept = small(("[allocation]", fields))
    found = list(cells(swept))
    assert [(c.design.size, c.design.arms[0].believes.value) for c in found] == [
        (12, 0.5), (12, 0.7), (12, 0.9), (24, 0.5), (24, 0.7), (24, 0.9),
    ]  # fmt: skip
    assert len({c.design.hash for c in found}) == 6 and found[0].words == "size 12, arm.ketamine.believes 0.5"


@pytest.mark.parametrize("line", ["colour = [1]", 'size = ["many"]', '"arm.nobody.effect" = ["x:y"]', "alpha = [3]"])
def test_a_sweep_refuses_what_it_cannot_set(line):
    """An unknown field, a value of the wrong kind, an unknown arm and a value that breaks the design are refused."""
    with pytest.raises(Complaint):
        list(cells(small(("[allocation]", f"[sweep]\n{line}\n\n[allocation]"))))


def test_a_sweep_changes_how_a_trial_is_run():
    """Allocation, analysis, last visit and looks can be swept; blocks grow to hold a ratio."""
    fields = (
        '[sweep]\n"arm.ketamine.ratio" = [1, 2]\nprimary = ["change", "response"]\nlast_visit = ["week_1", "week_2"]'
    )
    found = [cell.design for cell in cells(small(("[allocation]", f"{fields}\n\n[allocation]")))]
    assert [d.allocation.block for d in found] == [4] * 4 + [6] * 4
    assert [d.primary.key for d in found] == ["change", "change", "response", "response"] * 2
    assert [d.final.key for d in found] == ["week_1", "week_2"] * 4
    looks = '[interim]\nlooks = [0.5, 1.0]\nspending = "pocock"\n\n'
    looks += '[sweep]\ninterim = ["none", "as_written"]\n\n[allocation]'
    assert [c.design.interim is None for c in cells(small(("[allocation]", looks)))] == [True, False]
    [other] = cells(small(("[allocation]", '[sweep]\nprotocol = ["abdallah_2022"]\n\n[allocation]')))
    assert {arm.protocol for arm in other.design.arms} == {"abdallah_2022"}
