"""From a trained network to files: bundle, compression, conversion, and measurements on the converted file itself."""
