"""The forms of approval offices: the catalogue as a workbook, and a workbook back into the catalogue's files."""
