// Transposition by blocks of whole vectors: off-diagonal halves are exchanged, then their halves, down to single numbers.
#pragma once
#include <utility>

#include "vectors.h"

// entry j of the two rows that result when halves of length `step` are exchanged between two rows, as j or W + j
constexpr int exchanged(int j, int step, int width, bool upper) {
    if (upper) return (j & step) ? width + j : j + step;
    return (j & step) ? width + j - step : j;
}

template <class T, int Step, bool Upper, int... J>
inline typename Simd<T>::V exchange(typename Simd<T>::V a, typename Simd<T>::V b, std::integer_sequence<int, J...>) {
#if defined(__clang__)
    return __builtin_shufflevector(a, b, exchanged(J, Step, Simd<T>::W, Upper)...);
#else
    return __builtin_shuffle(a, b, typename Simd<T>::I{exchanged(J, Step, Simd<T>::W, Upper)...});
#endif
}

template <class T, int Step>
inline void exchange_all(typename Simd<T>::V (&rows)[Simd<T>::W]) {
    constexpr auto lanes = std::make_integer_sequence<int, Simd<T>::W>();
#pragma GCC unroll 16
    for (int i = 0; i < Simd<T>::W; ++i) {
        if (i & Step) continue;
        const auto low = exchange<T, Step, false>(rows[i], rows[i + Step], lanes);
        rows[i + Step] = exchange<T, Step, true>(rows[i], rows[i + Step], lanes);
        rows[i] = low;
    }
    if constexpr (Step > 1) exchange_all<T, Step / 2>(rows);
}

// `from` (rows, columns) to `to` (columns, rows); rows of both are padded to whole vectors, and padding becomes zeros
template <class T>
void transpose(int64_t rows, int64_t columns, const T* from, int64_t from_row, T* to, int64_t to_row) {
    constexpr int W = Simd<T>::W;
    for (int64_t i = 0; i < rows; i += W)
        for (int64_t j = 0; j < columns; j += W) {
            typename Simd<T>::V block[W];
#pragma GCC unroll 16
            for (int k = 0; k < W; ++k) block[k] = i + k < rows ? load<T>(from + (i + k) * from_row + j) : typename Simd<T>::V{};
            exchange_all<T, W / 2>(block);
            if (j + W <= columns) {
#pragma GCC unroll 16
                for (int k = 0; k < W; ++k) store<T>(to + (j + k) * to_row + i, block[k]);
            } else
                for (int k = 0; j + k < columns; ++k) store<T>(to + (j + k) * to_row + i, block[k]);
        }
}
