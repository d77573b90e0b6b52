"""A telephone network in a box: in memory on a virtual clock, or over real SIP on loopback."""
