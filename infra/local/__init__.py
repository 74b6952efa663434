"""The try-out on one machine: the product, unchanged, against an embedded cloud."""
