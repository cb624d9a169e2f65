"""JSON Schemas as llguidance enforces them."""
