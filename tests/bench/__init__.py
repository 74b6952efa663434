"""The budgets, measured: ``uv run python -m tests.bench [NAME ...]``. Not part of the test run."""
