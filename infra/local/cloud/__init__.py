"""The embedded cloud: Google Cloud, Kubernetes and Slack, as far as inferops meets them, on loopback.

It speaks the true wire protocols and knows nothing of the product, so it can be an independent judge of it.
Everything runs in one asyncio loop: a handler is never interrupted, so no state needs a lock.
"""
