"""The facts about a person that rules may see. Pseudonymous: no names, no addresses."""

from __future__ import annotations

from dataclasses import dataclass

PERSON_FACTS: dict[str, str] = {
    "person.age_years": "age in years",
    "person.sex": "sex recorded for dosing rules: female, male or other",
    "person.pregnancy_possible": "whether a pregnancy is possible",
    "person.pregnancy_test_negative": "whether the last pregnancy test was negative",
    "person.breastfeeding": "whether the person breastfeeds",
    "person.escort_reachable": "whether the escort answered and will come",
    "person.fasted": "whether the fasting rule of the site was kept",
    "person.ride_arranged": "whether the way home is arranged",
    "person.veteran": "whether the person has served in the armed forces",
    "person.uncontrolled_hypertension": "high blood pressure that is not controlled",
    "person.aneurysmal_disease": "aneurysmal vascular disease or arteriovenous malformation",
    "person.intracerebral_haemorrhage": "an earlier bleeding inside the brain",
    "person.ketamine_hypersensitivity": "hypersensitivity to ketamine or esketamine",
    "person.psychosis": "active psychosis or a primary psychotic disorder",
    "person.mania": "mania or hypomania now",
    "person.severe_liver_disease": "severe impairment of the liver",
    "person.ketamine_use_disorder": "ketamine or PCP use disorder",
    "person.integration_booked": "whether the integration session after this dose is booked",
    "person.trauma_memory_retrieved": "whether the trauma memory was retrieved before this dose",
}


@dataclass(frozen=True, slots=True)
class Participant:
    """One pseudonymous person: a key and the latest stated facts, as (name, value) pairs."""

    key: str
    facts: tuple[tuple[str, float | bool | str], ...] = ()

    def fact(self, name: str) -> float | bool | str | None:
        """The latest stated value, or None where nobody said."""
        return dict(self.facts).get(name)
