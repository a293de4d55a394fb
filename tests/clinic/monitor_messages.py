"""Messages as bedside monitors send them, written afresh in the manner of several makers."""

from __future__ import annotations

MMHG, BEATS, PERCENT = "266016^MDC_DIM_MMHG^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC", "262688^MDC_DIM_PERCENT^MDC"
BREATHS, KPA = "264928^MDC_DIM_RESP_PER_MIN^MDC", "265987^MDC_DIM_KILO_PASCAL^MDC"
SYS, DIA = "150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "150022^MDC_PRESS_BLD_NONINV_DIA^MDC"
MEAN = "150023^MDC_PRESS_BLD_NONINV_MEAN^MDC"
SPO2, PULSE = "150456^MDC_PULS_OXIM_SAT_O2^MDC", "149530^MDC_PULS_OXIM_PULS_RATE^MDC"
RESP = "151562^MDC_RESP_RATE^MDC"
EUI = "080019FFFE0B4020"
AT = "20260302090000+0000"


def msh(control: str = "m1", kind: str = "ORU^R01^ORU_R01", sent: str = AT, **other: str) -> str:
    """A header; `processing`, `version`, `accept`, `application` and `charset` may be told."""
    told = {
        "processing": "P",
        "version": "2.6",
        "accept": "NE",
        "application": "AL",
        "charset": "UNICODE UTF-8",
    } | other
    profile = "PCD_DEC_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
    return (
        f"MSH|^~\\&|MON^{EUI}^EUI-64|Example|||{sent}||{kind}|{control}|{told['processing']}|{told['version']}"
        f"|||{told['accept']}|{told['application']}||{told['charset']}|||{profile}"
    )


def obx(what: str, value: str, unit: str, at: str = AT, **other: str) -> str:
    """An observation; `flags`, `status` and `kind` may be told."""
    told = {"flags": "", "status": "R", "kind": "NM"} | other
    code = what.partition("^")[0]
    return (
        f"OBX|1|{told['kind']}|{what}|1.1.9.{code}|{value}|{unit}||{told['flags']}|||{told['status']}|||{at}||||{EUI}"
    )


def oru(*rows: str, head: str | None = None, order_at: str = AT) -> bytes:
    """A whole message with those observations."""
    first = [head or msh(), "PID|||HO1^^^X^PI||Doe^Jane^^^^^L", "PV1||E|ICU^^BED7"]
    order = f"OBR|1|1^MON^{EUI}^EUI-64|1^MON^{EUI}^EUI-64|182777000^monitoring of patient^SCT|||{order_at}"
    return ("\r".join([*first, order, *rows]) + "\r").encode()


VITALS = (
    obx(SYS, "132", MMHG),
    obx(DIA, "84", MMHG),
    obx(MEAN, "100", MMHG),
    obx(PULSE, "77", BEATS),
    obx(SPO2, "97", PERCENT),
    obx(RESP, "15", BREATHS),
)
WHOLE = oru("OBX|1||69965^MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS^MDC|1.0.0.0|||||||X", *VITALS)
