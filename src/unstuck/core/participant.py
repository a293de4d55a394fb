"""The facts about a person, and about the room on the day, that rules may see. No names, no addresses."""

from __future__ import annotations

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
    "person.medicines_reviewed": "whether the medicines taken since the last visit were asked about",
    "person.consent_reconfirmed": "whether the person confirmed the consent again today",
    "person.choices_locked": "whether touch, recording and grounding were chosen for today",
    "person.register_checked": "whether the prescription register was looked up",
    "person.oriented": "whether the person knows who and where they are and what day it is",
    "person.gait_steady": "whether the person walks steadily",
    "person.vomiting": "whether the person vomits",
    "person.escort_identified": "whether the escort who came is the one who was named",
    "person.told_no_driving": "whether the person and the escort were told not to drive before a night's sleep",
    "person.next_contact_booked": "whether the next contact is booked",
    "person.accepted": "whether a prescriber signed that this person may be treated",
    "person.craving": "whether the person craves the drug, or used some between sessions",
    "person.early_refill": "whether the person asked for more of the drug before it was due",
    "person.leaving_signed": "whether a prescriber signed the leaving after a positive answer about suicide",
}

ROOM_FACTS: dict[str, str] = {
    "room.oxygen_ready": "whether oxygen was found ready in the check of today",
    "room.suction_ready": "whether suction was found ready in the check of today",
    "room.rescue_drugs_ready": "whether the rescue medicines were found complete in the check of today",
    "room.staff_qualified": "whether staff qualified for an emergency are on site",
    "room.ratio_kept": "whether no nurse watches more chairs than the site allows",
}
STATED = PERSON_FACTS | ROOM_FACTS
