"""Tables that staff upload or paste: what is understood of them, and their rows."""
