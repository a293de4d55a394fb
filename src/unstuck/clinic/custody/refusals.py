"""The named reasons for which the stock takes no act. Their words never name the drug: a mask must hold."""

from __future__ import annotations

from unstuck.clinic.custody.amounts import TooFine as TooFine
from unstuck.core.errors import Complaint


class CustodyRefusal(Complaint):
    """Nothing was drawn, wasted, counted or changed."""


class WitnessIsActor(CustodyRefusal):
    """One person gave both signatures."""


class WitnessMayNot(CustodyRefusal):
    """The second person has no role that signs for the drug, or has left."""


class NotSigned(CustodyRefusal):
    """The second person did not prove who signs."""


class MayNot(CustodyRefusal):
    """The first person's role does not do this."""


class LotExpired(CustodyRefusal):
    """The last day of the lot is over."""


class LotSetAside(CustodyRefusal):
    """The lot is set aside, for a recall or an investigation."""


class WrongDrug(CustodyRefusal):
    """The lot does not hold what the order asks for."""


class NotEnough(CustodyRefusal):
    """The containers that may be used hold less than that."""


class MaskWouldBreak(CustodyRefusal):
    """The course is blinded to some who see the stock, and the lot shows its drug."""


class ActDiffers(CustodyRefusal):
    """The same act arrives a second time with another content."""


class LabelDiffers(CustodyRefusal):
    """What was read off the container is not what was said of it."""


class Unknown(CustodyRefusal):
    """There is no such lot, container, drawing or discrepancy."""


class NotYet(CustodyRefusal):
    """A discrepancy cannot be closed before what comes first."""
