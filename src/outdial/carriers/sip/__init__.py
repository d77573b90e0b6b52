"""Real phone calls over SIP trunks.

``async with SipStack(SipSettings()) as stack: carrier = SipCarrier(stack, clock)``, once in a process;
see ``docs/sip.md``.
"""

from outdial.carriers.sip.carrier import SipCarrier
from outdial.carriers.sip.leg import SipLeg
from outdial.carriers.sip.settings import SipSettings
from outdial.carriers.sip.stack import SipStack

__all__ = ["SipCarrier", "SipLeg", "SipSettings", "SipStack"]
