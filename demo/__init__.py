"""The generator of a realistic county with known defects: the proof that the hub finds what is there."""

EXCHANGE_DATABASE = "land_resources_exchange"
"""The database that plays the front-end machine of the one department with an exchange database."""
