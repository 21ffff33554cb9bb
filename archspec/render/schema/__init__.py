"""The JSON Schemas: of a spec and of a recipe, for editors, and of what `report`, `audit`, `reconcile` and `diff` print as JSON.

That of a spec is generated from the models, the ops and the library. It says what can be said of a row by itself. What
needs the whole network (sizes, formulas, earlier rows, columns that `defaults` supply) is left to `archspec check`.
Its keywords are those of draft 7, which editors know; `$defs` is a place.
"""

from archspec.render.schema.document import spec_schema
from archspec.render.schema.recipe import recipe_schema
from archspec.render.schema.results import audit_schema, diff_schema, reconcile_schema, report_schema

#: what `archspec schema --of` may say
SCHEMAS = {
    "spec": spec_schema,
    "recipe": recipe_schema,
    "report": report_schema,
    "audit": audit_schema,
    "reconcile": reconcile_schema,
    "diff": diff_schema,
}

__all__ = ["SCHEMAS", "audit_schema", "diff_schema", "recipe_schema", "reconcile_schema", "report_schema", "spec_schema"]
