"""Where it runs: the try-out on one machine."""
