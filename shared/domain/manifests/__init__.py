"""Kubernetes objects as plain values, one file per group of objects. Pure: names and figures come in as arguments.

Values that Kubernetes drops when it stores an object (zeros, empty lists) are not written: they would read back as
drift.
"""
