"""Network to numbers: costs in closed form, the audit of claims, counting conventions. Only the fvcore adapter imports torch."""
