"""Training, calibration and export of models; needs ``stance[train]``."""
