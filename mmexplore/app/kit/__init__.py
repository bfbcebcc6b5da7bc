"""Parts of pages that know nothing of a page: widgets, cards, downloads, selection."""
