"""Words that all pages share."""

from __future__ import annotations

# by provenance
GROUPS = {
    "derived": "Statements derived here",
    "published": "Published constants",
    "claim": "Claims registered by the user",
}
