"""A small honest Kubernetes API server: one object store per cluster, one HTTP front for all of them.

A request comes in at ``api``, is routed to a kind, passes patching or apply, defaulting and validation in ``writes``,
and ends in ``objects``, whose changes feed watches and the controllers that play the rest of the cluster.
"""
