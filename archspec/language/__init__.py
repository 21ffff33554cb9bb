"""YAML text to a validated Spec: positions, schema, formulas, extends and changes, diagnostics. Never imports torch."""
