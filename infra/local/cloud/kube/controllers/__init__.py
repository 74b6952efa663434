"""What acts inside the embedded clusters: workloads, nodes, jobs, and the fleet's Inference Gateway.

Each controller hears of changes in its kinds, and looks at one thing at a time on the world's clock. ``main`` puts
them together; ``hooks`` is all that they ask of the rest of the cloud.
"""

from infra.local.cloud.kube.controllers.hooks import Hooks, Outcome, Pool
from infra.local.cloud.kube.controllers.main import Controllers

__all__ = ["Controllers", "Hooks", "Outcome", "Pool"]
