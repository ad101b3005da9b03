// What the result of an agent weighs in the sum of a round: 1 where all weigh the same, which changes no bit of it.
#pragma once
#include "interface.h"

template <class T>
inline T weight_of(const Job& job, int64_t agent) {
    return job.weights ? static_cast<const T*>(job.weights)[agent] : T(1);
}
