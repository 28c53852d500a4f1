"""The admin's forms of games, made from the kinds' schemas."""
