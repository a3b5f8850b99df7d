"""Side-by-side benchmarks: each prints ratios and both of their sides. Peers live in the `bench` dependency group."""
