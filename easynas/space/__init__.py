"""The search space: `keras_tuner.HyperParameters` seen as something to sample, mutate, cross, encode and count."""
