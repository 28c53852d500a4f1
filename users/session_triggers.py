"""Triggers that record the end of a session, for PostgreSQL and SQLite.

A deleted session, a new password and a ban each add a row to `users_revocation`.
Migration 0004 creates the triggers.
"""

from typing import Any

POSTGRESQL = """
CREATE FUNCTION session_is_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO users_revocation (session_key, at)
        VALUES (OLD.session_key, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER session_is_revoked AFTER DELETE ON django_session
    FOR EACH ROW WHEN (OLD.expire_date > now())
    EXECUTE FUNCTION session_is_revoked();

CREATE FUNCTION player_is_revoked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO users_revocation (session_key, player_id, at)
        VALUES ('', NEW.id, clock_timestamp());
    RETURN NULL;
END $$;
CREATE TRIGGER player_is_revoked AFTER UPDATE OF password, status ON users_player
    FOR EACH ROW WHEN (OLD.password <> NEW.password OR OLD.status <> NEW.status)
    EXECUTE FUNCTION player_is_revoked();
"""

SQLITE = [
    """
    CREATE TRIGGER session_is_revoked AFTER DELETE ON django_session
    WHEN OLD.expire_date > STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')
    BEGIN
        INSERT INTO users_revocation (session_key, at)
        VALUES (OLD.session_key, STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW'));
    END
    """,
    """
    CREATE TRIGGER player_is_revoked AFTER UPDATE OF password, status ON users_player
    WHEN OLD.password <> NEW.password OR OLD.status <> NEW.status
    BEGIN
        INSERT INTO users_revocation (session_key, player_id, at)
        VALUES ('', NEW.id, STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW'));
    END
    """,
]

# On PostgreSQL each trigger has a function of the same name.
NAMES = ["session_is_revoked", "player_is_revoked"]


def create(_apps: Any, schema_editor: Any) -> None:
    on_postgres = schema_editor.connection.vendor == "postgresql"
    for statement in [POSTGRESQL] if on_postgres else SQLITE:
        schema_editor.execute(statement, params=None)


def drop(_apps: Any, schema_editor: Any) -> None:
    for name in NAMES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name} CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {name}")
