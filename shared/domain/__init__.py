"""PURE: decisions as functions from values to values. No I/O, no clock, no chance, no environment."""
