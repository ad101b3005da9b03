// Matrix products whose right factor and result have rows padded to whole vectors; the left factor is read as scalars.
#pragma once
#include "vectors.h"

// `Columns` reads the left factor as its transpose: element (i, k) lies at A[k * lda + i] instead of A[i * lda + k].
template <class T, int MR, int NV, bool Columns>
inline void tile(int64_t K, const T* A, int64_t lda, const T* B, int64_t ldb, T* C, int64_t ldc, bool add) {
    using V = typename Simd<T>::V;
    constexpr int W = Simd<T>::W;
    V acc[MR][NV];
#pragma GCC unroll 32
    for (int i = 0; i < MR; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) acc[i][v] = add ? load(C + i * ldc + v * W) : V{};
    for (int64_t k = 0; k < K; ++k) {
        V b[NV];
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) b[v] = load(B + k * ldb + v * W);
#pragma GCC unroll 32
        for (int i = 0; i < MR; ++i) {
            const V a = splat<T>(Columns ? A[k * lda + i] : A[i * lda + k]);
#pragma GCC unroll 4
            for (int v = 0; v < NV; ++v) acc[i][v] += a * b[v];
        }
    }
#pragma GCC unroll 32
    for (int i = 0; i < MR; ++i)
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) store(C + i * ldc + v * W, acc[i][v]);
}

template <class T, int NV, bool Columns>
inline void panel(int64_t M, int64_t K, const T* A, int64_t lda, const T* B, int64_t ldb, T* C, int64_t ldc, bool add) {
    // as many accumulators as hide the latency of a fused multiply-add and still fit into the register file
    constexpr int registers = VECTOR_BYTES == 64 ? 24 : 12;
    constexpr int fits = registers / NV;
    constexpr int MR = fits < 6 ? fits : (NV == 4 ? 6 : 8);
    const int64_t row = Columns ? 1 : lda;
    int64_t i = 0;
    for (; i + MR <= M; i += MR) tile<T, MR, NV, Columns>(K, A + i * row, lda, B, ldb, C + i * ldc, ldc, add);
    if constexpr (MR > 4)
        for (; i + 4 <= M; i += 4) tile<T, 4, NV, Columns>(K, A + i * row, lda, B, ldb, C + i * ldc, ldc, add);
    if constexpr (MR > 2)
        for (; i + 2 <= M; i += 2) tile<T, 2, NV, Columns>(K, A + i * row, lda, B, ldb, C + i * ldc, ldc, add);
    for (; i < M; ++i) tile<T, 1, NV, Columns>(K, A + i * row, lda, B, ldb, C + i * ldc, ldc, add);
}

// C (M, N) = or += A B with N a whole number of vectors
template <class T, bool Columns>
void product(int64_t M, int64_t N, int64_t K, const T* A, int64_t lda, const T* B, int64_t ldb, T* C, int64_t ldc,
             bool add) {
    constexpr int W = Simd<T>::W;
    int64_t j = 0;
    for (; j + 4 * W <= N; j += 4 * W) panel<T, 4, Columns>(M, K, A, lda, B + j, ldb, C + j, ldc, add);
    if (j + 2 * W <= N) {
        panel<T, 2, Columns>(M, K, A, lda, B + j, ldb, C + j, ldc, add);
        j += 2 * W;
    }
    if (j < N) panel<T, 1, Columns>(M, K, A, lda, B + j, ldb, C + j, ldc, add);
}

// y = sum_i x_i A_i: the rows of a symmetric matrix are read in order, eight independent sums at a time
template <class T, int NV>
inline void rows_times(int64_t rows, const T* A, int64_t lda, const T* x, T* y) {
    using V = typename Simd<T>::V;
    constexpr int W = Simd<T>::W;
    constexpr int G = NV >= 8 ? 1 : 8 / NV;
    V acc[G][NV];
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g)
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) acc[g][v] = V{};
    int64_t i = 0;
    for (; i + G <= rows; i += G)
#pragma GCC unroll 8
        for (int g = 0; g < G; ++g) {
            const V a = splat<T>(x[i + g]);
#pragma GCC unroll 8
            for (int v = 0; v < NV; ++v) acc[g][v] += a * load(A + (i + g) * lda + v * W);
        }
    for (; i < rows; ++i) {
        const V a = splat<T>(x[i]);
#pragma GCC unroll 8
        for (int v = 0; v < NV; ++v) acc[0][v] += a * load(A + i * lda + v * W);
    }
#pragma GCC unroll 8
    for (int half = G / 2; half >= 1; half /= 2)
#pragma GCC unroll 8
        for (int g = 0; g < half; ++g)
#pragma GCC unroll 8
            for (int v = 0; v < NV; ++v) acc[g][v] += acc[g + half][v];
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) store(y + v * W, acc[0][v]);
}

template <class T>
void symmetric_times(int64_t d, const T* A, int64_t lda, const T* x, T* y) {
    constexpr int W = Simd<T>::W;
    int64_t j = 0;
    for (; j + 8 * W <= lda; j += 8 * W) rows_times<T, 8>(d, A + j, lda, x, y + j);
    for (; j + 4 * W <= lda; j += 4 * W) rows_times<T, 4>(d, A + j, lda, x, y + j);
    for (; j + 2 * W <= lda; j += 2 * W) rows_times<T, 2>(d, A + j, lda, x, y + j);
    for (; j < lda; j += W) rows_times<T, 1>(d, A + j, lda, x, y + j);
}
