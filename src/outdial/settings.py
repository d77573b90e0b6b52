"""Typed settings: environment ``OUTDIAL_*``, then one file, then these defaults."""
