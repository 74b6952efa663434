"""DECIDE and ACT: every invocation does one step and never waits."""
