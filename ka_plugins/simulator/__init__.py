"""Key servers on loopback that speak the real protocols, sell nothing real and play faults on request."""
