"""Words to calls of the other stages: one short file a verb."""
