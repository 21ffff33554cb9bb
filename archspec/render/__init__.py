"""Numbers, and what there is, to text: terminal tables, JSON, pages, the JSON Schema. Never imports torch."""
