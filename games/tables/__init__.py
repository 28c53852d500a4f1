"""Reads tables that staff upload or paste."""
