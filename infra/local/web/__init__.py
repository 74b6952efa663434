"""The try-out's page on the server's side: what it shows of the embedded cloud, and what it lets people do."""

from infra.local.web.faults import Menu
from infra.local.web.site import HOST, Site

__all__ = ["HOST", "Menu", "Site"]
