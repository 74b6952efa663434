"""What a model server does under load, and where a load balancer sends requests. Pure: no Kubernetes, no clock.

Flow: ``physics`` tells from GPU and model how long things take -> ``server`` serves requests one by one ->
``exposition`` shows its counters as vLLM does; ``gateway`` decides which region a request goes to.
"""
