"""Forms of the staff side, made from the kinds' own schemas."""
