// The library's only entry points: rounds of meta-FedAvg in one precision. Returns the rounds done, -1 when out of memory.
#include <algorithm>
#include <functional>
#include <memory>
#include <new>
#include <vector>

#include "dense.h"
#include "quadratic.h"
#include "rounds.h"

template <class T>
int64_t rounds_of(const Job& job) {
    try {
        if (job.layers) return Rounds<T, Dense<T>>(job, Dense<T>::slot_values(job))();
        return Rounds<T, Quadratic<T>>(job, 0)();
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
EXPORT int64_t empirics_job_bytes() { return sizeof(Job); }
EXPORT int64_t empirics_rounds_float64(const Job* job) { return rounds_of<double>(*job); }
EXPORT int64_t empirics_rounds_float32(const Job* job) { return rounds_of<float>(*job); }
}
