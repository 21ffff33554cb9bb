"""The JSON Schema of a spec, for editors: generated from the models, the ops and the library.

It says what can be said of a row by itself. What needs the whole network (sizes, formulas, earlier rows, columns that
`defaults` supply) is left to `archspec check`. Keywords are those of draft 7, which editors know; `$defs` is a place.
"""

from archspec.render.schema.document import spec_schema

__all__ = ["spec_schema"]
