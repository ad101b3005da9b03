"""Meta-FedAvg as it is written: modes, settings, meta-gradients, one round."""
