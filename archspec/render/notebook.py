"""What a result shows in a notebook."""

from __future__ import annotations

from typing import Any


class Printed:
    """A result whose text is a table: a notebook shows it as such."""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        import html

        return {"text/plain": str(self), "text/html": f"<pre>{html.escape(str(self))}</pre>"}
