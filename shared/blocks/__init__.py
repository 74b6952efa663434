"""Everything that people read: pure functions from domain values to Slack cards and texts, one file per subject."""
