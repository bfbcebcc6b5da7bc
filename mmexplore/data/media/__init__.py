"""Safe decoding of pictures, sounds, videos and series, and their thumbnails."""
