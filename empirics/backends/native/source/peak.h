// What one thread of this processor can do at most: independent multiply-adds that never leave its registers.
#pragma once
#include "vectors.h"

// enough of them to hide the latency of two units, and few enough for 16 registers
constexpr int LANES = 12;

template <class T>
double multiply_adds(int64_t turns) {
    typename Simd<T>::V sums[LANES];
    for (int lane = 0; lane < LANES; ++lane) sums[lane] = splat<T>(T(lane));
    const auto factor = splat<T>(T(0.75)), term = splat<T>(T(0.25));
    for (int64_t turn = 0; turn < turns; ++turn)
        for (int lane = 0; lane < LANES; ++lane) sums[lane] = sums[lane] * factor + term;
    double sum = 0;
    for (int lane = 0; lane < LANES; ++lane) sum += total<T>(sums[lane]);
    return sum;
}

template <class T>
constexpr int64_t operations_a_turn() {
    return 2 * LANES * Simd<T>::W;
}
