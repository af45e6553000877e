"""From a trained network to files: the bundle, its conversion, and measurements on the converted file itself."""
