"""Hears: turns what people type and click into messages, and answers only the person who spoke."""
