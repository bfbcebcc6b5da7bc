"""Files into pairs: forms, tables, folders, cells, with bounds on everything."""
