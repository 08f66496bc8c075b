"""The gradebook's tables through time, for Alembic. A step is never changed once it was used."""
