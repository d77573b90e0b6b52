"""Real SIP trunks, on baresip."""
