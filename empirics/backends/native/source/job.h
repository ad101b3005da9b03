// What the library is asked to run; the fields of empirics/backends/native/job.py in the same order.
#pragma once
#include <cstdint>

// in the order of empirics.MODES
enum Mode : int64_t {
    exact,
    stochastic,
    first_order,
    first_order_stochastic,
    hessian_free,
    hessian_free_stochastic,
};

struct Job {
    int64_t replicas, agents, count, d;  // R, n, m, d
    int64_t rounds, tau, nu, mode;
    int64_t inner, outer, hessian;  // batch sizes D, D', D_H; 0: the whole loss
    int64_t threads;
    double alpha, beta, delta;
    const uint64_t* keys;         // (rounds, 1 + tau * (nu + 1 + nu)): participants, then inner, outer, hessian per step
    const int64_t* replica_ids;   // (R,)
    const void* start;            // (R, d)
    void* iterates;               // (R, rounds, d)
    // quadratics: A (n, d, d), c (n, d), two-sign noise u, v (n, d), phi (n,) or null
    const void *matrices, *centres, *noise_u, *noise_v, *noise_phi;
    double noise_gradient, noise_amplitude, noise_frequency;
    // dense networks: x (n, samples, widths[0]), labels (n, samples) or targets (n, samples, widths[layers])
    const void *inputs, *targets;
    const int64_t *labels, *widths;
    int64_t samples, layers;
    // recorded tasks: Program (program_count,), Rows (parameter_count,), Data (data_count,)
    const void *programs, *parameters, *data;
    int64_t program_count, parameter_count, data_count, point_values, scratch_values;
};
