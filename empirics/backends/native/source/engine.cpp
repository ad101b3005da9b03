// The library's only entry points: rounds of meta-FedAvg, and one agent's derivatives on its first samples, in one
// precision each. Rounds return how many were done; both return -1 when out of memory.
#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "dense.h"
#include "peak.h"
#include "quadratic.h"
#include "recorded.h"
#include "rounds.h"

template <class T>
int64_t rounds_of(const Job& job) {
    try {
        if (job.program_count) return Rounds<T, Recorded<T>>(job, Recorded<T>::slot_values(job))();
        if (job.layers) return Rounds<T, Dense<T>>(job, Dense<T>::slot_values(job))();
        return Rounds<T, Quadratic<T>>(job, 0)();
    } catch (const std::bad_alloc&) {
        return -1;
    }
}

template <class T>
int64_t derivatives_of(const Job& job, int64_t agent, int64_t samples, const void* w, const void* v, void* gradient, void* hvp) {
    try {
        Recorded<T>(job, 1).derivatives(agent, samples, static_cast<const T*>(w), static_cast<const T*>(v),
                                        static_cast<T*>(gradient), static_cast<T*>(hvp));
        return 0;
    } catch (const std::bad_alloc&) {
        return -1;
    }
}

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

extern "C" {
EXPORT int64_t empirics_digest() { return DIGEST; }
#define EXPORT_BYTES(Structure) \
    EXPORT int64_t empirics_bytes_of_##Structure() { return sizeof(Structure); }
EACH_STRUCTURE(EXPORT_BYTES)
#undef EXPORT_BYTES
EXPORT int64_t empirics_vector_bytes() { return VECTOR_BYTES; }
#define EXPORT_PRECISION(name, T)                                                                                         \
    EXPORT int64_t empirics_derivatives_##name(const Job* job, int64_t agent, int64_t samples, const void* w, const void* v, \
                                               void* g, void* h) {                                                        \
        return derivatives_of<T>(*job, agent, samples, w, v, g, h);                                                       \
    }                                                                                                                     \
    EXPORT double empirics_multiply_adds_##name(int64_t turns) { return multiply_adds<T>(turns); }                        \
    EXPORT int64_t empirics_operations_a_turn_##name() { return operations_a_turn<T>(); }                                 \
    EXPORT int64_t empirics_rounds_##name(const Job* job) { return rounds_of<T>(*job); }
EXPORT_PRECISION(float64, double)
EXPORT_PRECISION(float32, float)
#undef EXPORT_PRECISION
}
