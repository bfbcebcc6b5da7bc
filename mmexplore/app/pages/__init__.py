"""A folder for each page: `page.py` with `page()`, what is drawn below its title; ../navigation.py lists them."""
