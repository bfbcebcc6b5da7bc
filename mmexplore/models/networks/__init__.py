"""Networks and objectives that trained fusions share. Imported with torch."""
