"""The ledger's rules as database triggers, for PostgreSQL and SQLite.

An entry is never changed or deleted, and a balance is always the sum of the entries.
Migration 0002 creates the triggers.
"""

from typing import Any

POSTGRESQL = """
CREATE FUNCTION coin_entry_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a coin entry is never changed or deleted'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER coin_entry_is_final BEFORE UPDATE OR DELETE ON users_coinentry
    FOR EACH ROW EXECUTE FUNCTION coin_entry_is_final();

CREATE FUNCTION coin_entry_counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users_player SET coins = coins + NEW.amount WHERE id = NEW.player_id;
    RETURN NULL;
END $$;
CREATE TRIGGER coin_entry_counts AFTER INSERT ON users_coinentry
    FOR EACH ROW EXECUTE FUNCTION coin_entry_counts();

CREATE FUNCTION coins_are_the_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.coins <> (SELECT COALESCE(SUM(amount), 0) FROM users_coinentry
                     WHERE player_id = NEW.id) THEN
        RAISE EXCEPTION 'the balance must be the sum of the coin entries'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER coins_are_the_sum BEFORE INSERT OR UPDATE OF coins ON users_player
    FOR EACH ROW EXECUTE FUNCTION coins_are_the_sum();
"""

NOT_THE_SUM = """
    WHEN NEW.coins <> (SELECT COALESCE(SUM(amount), 0) FROM users_coinentry
                       WHERE player_id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the balance must be the sum of the coin entries'); END
"""
FINAL = "BEGIN SELECT RAISE(ABORT, 'a coin entry is never changed or deleted'); END"
SQLITE = [
    f"CREATE TRIGGER coin_entry_no_update BEFORE UPDATE ON users_coinentry {FINAL}",
    f"CREATE TRIGGER coin_entry_no_delete BEFORE DELETE ON users_coinentry {FINAL}",
    "CREATE TRIGGER coin_entry_counts AFTER INSERT ON users_coinentry BEGIN"
    " UPDATE users_player SET coins = coins + NEW.amount WHERE id = NEW.player_id;"
    " END",
    f"CREATE TRIGGER coins_are_the_sum AFTER UPDATE OF coins ON users_player"
    f" {NOT_THE_SUM}",
    f"CREATE TRIGGER coins_start_as_the_sum AFTER INSERT ON users_player {NOT_THE_SUM}",
]


# The triggers' names; on PostgreSQL each has a function of the same name.
NAMES = {
    "postgresql": ["coin_entry_is_final", "coin_entry_counts", "coins_are_the_sum"],
    "sqlite": [trigger.split()[2] for trigger in SQLITE],
}


def create(_apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL, params=None)
    else:
        for trigger in SQLITE:
            schema_editor.execute(trigger, params=None)


def drop(_apps: Any, schema_editor: Any) -> None:
    vendor = schema_editor.connection.vendor
    for name in NAMES[vendor]:
        if vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name} CASCADE")
        else:
            schema_editor.execute(f"DROP TRIGGER {name}")
