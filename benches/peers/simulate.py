"""Throughput and time of Ciw, a simulator, for the first two networks of ../peers.rs.

Customers pass through the stations in turn; by product form the order does not matter.
Prints: name, throughput of the first class, microseconds.
"""
import time

import ciw

TIMES = [0.004, 0.002, 0.0015, 0.0011, 0.003, 0.0005, 0.0019]


def run(name, servers, customers=64, think=0.2, horizon=60.0, warmup=5.0):
    n = len(TIMES) + 1
    routing = [[1.0 if j == (i + 1) % n else 0.0 for j in range(n)] for i in range(n)]
    network = ciw.create_network(
        # All customers arrive at the start and never leave.
        arrival_distributions=[ciw.dists.Sequential([1e-9, float("inf")])] + [None] * (n - 1),
        batching_distributions=[ciw.dists.Deterministic(customers)] + [ciw.dists.Deterministic(1)] * (n - 1),
        service_distributions=[ciw.dists.Exponential(1 / think)] + [ciw.dists.Exponential(1 / s) for s in TIMES],
        number_of_servers=[float("inf")] + servers,
        routing=routing,
    )
    ciw.seed(1)
    start = time.perf_counter()
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(horizon)
    taken = time.perf_counter() - start
    visits = sum(1 for r in simulation.get_all_records() if r.node == 2 and r.exit_date > warmup)
    print(f"{name} {visits / (horizon - warmup):.12g} {1e6 * taken:.3f}")


run("single-servers-64", [1] * 7)
run("multi-servers-64", [4, 1, 1, 1, 2, 1, 1])
