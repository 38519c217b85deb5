"""Counters kept by the database, and the indexes that searches need."""

from django.db import migrations

# One row is added a statement and state (PostgreSQL) or a row (SQLite); the sum is the count. Appending keeps sixteen
# writers from waiting for one hot row; `fold_counters` puts the rows together now and then.
SUBJECTS = {"license": "licenses_license", "request": "licenses_licenserequest"}

POSTGRESQL = """
CREATE FUNCTION licenses_count_{subject}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO licenses_statecount (subject, configuration_id, state, n)
      SELECT '{subject}', configuration_id, state, count(*) FROM added GROUP BY 2, 3;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO licenses_statecount (subject, configuration_id, state, n)
      SELECT '{subject}', configuration_id, state, -count(*) FROM removed GROUP BY 2, 3;
  ELSE
    INSERT INTO licenses_statecount (subject, configuration_id, state, n)
      SELECT '{subject}', configuration_id, state, sum(one) FROM (
        SELECT configuration_id, state, 1 AS one FROM added
        UNION ALL SELECT configuration_id, state, -1 FROM removed) AS changes
      GROUP BY 2, 3 HAVING sum(one) <> 0;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER count_{subject}_insert AFTER INSERT ON {table}
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION licenses_count_{subject}();
CREATE TRIGGER count_{subject}_delete AFTER DELETE ON {table}
  REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION licenses_count_{subject}();
CREATE TRIGGER count_{subject}_update AFTER UPDATE ON {table}
  REFERENCING NEW TABLE AS added OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION licenses_count_{subject}();
"""

SQLITE = """
CREATE TRIGGER count_{subject}_insert AFTER INSERT ON {table} BEGIN
  INSERT INTO licenses_statecount (subject, configuration_id, state, n)
    VALUES ('{subject}', NEW.configuration_id, NEW.state, 1);
END;
CREATE TRIGGER count_{subject}_delete AFTER DELETE ON {table} BEGIN
  INSERT INTO licenses_statecount (subject, configuration_id, state, n)
    VALUES ('{subject}', OLD.configuration_id, OLD.state, -1);
END;
CREATE TRIGGER count_{subject}_update AFTER UPDATE OF state, configuration_id ON {table}
  WHEN OLD.state <> NEW.state OR OLD.configuration_id <> NEW.configuration_id BEGIN
  INSERT INTO licenses_statecount (subject, configuration_id, state, n)
    VALUES ('{subject}', OLD.configuration_id, OLD.state, -1),
           ('{subject}', NEW.configuration_id, NEW.state, 1);
END;
"""

SEARCH = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX license_key_search ON licenses_license USING gin (upper(key) gin_trgm_ops);
"""


def add(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for subject, table in SUBJECTS.items():
        text = (POSTGRESQL if postgresql else SQLITE).format(subject=subject, table=table)
        if postgresql:
            schema_editor.execute(text, params=None)
        else:
            for trigger in text.split("END;\n"):
                if trigger.strip():
                    schema_editor.execute(trigger + "END;", params=None)
    if postgresql:
        schema_editor.execute(SEARCH, params=None)


class Migration(migrations.Migration):
    dependencies = [("licenses", "0002_links")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
