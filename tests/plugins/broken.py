raise ImportError("needs a library that is not here")
