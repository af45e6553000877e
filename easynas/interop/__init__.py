"""Other libraries' spaces and searches, joined with ours: KerasTuner both ways, and Optuna's samplers as strategies."""
