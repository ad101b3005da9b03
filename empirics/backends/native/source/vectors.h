// Short vectors of the compiler's own kind: one width for the whole library, chosen by VECTOR_BYTES.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#ifndef VECTOR_BYTES
#define VECTOR_BYTES 16
#endif

template <class T>
struct Simd {
    static constexpr int W = VECTOR_BYTES / sizeof(T);
    using Integer = std::conditional_t<sizeof(T) == 8, int64_t, int32_t>;
    typedef T V __attribute__((vector_size(VECTOR_BYTES)));
    typedef Integer I __attribute__((vector_size(VECTOR_BYTES)));
};

template <class T>
inline typename Simd<T>::V load(const T* p) {
    return *reinterpret_cast<const typename Simd<T>::V*>(p);
}

template <class T>
inline void store(T* p, typename Simd<T>::V v) {
    *reinterpret_cast<typename Simd<T>::V*>(p) = v;
}

template <class T>
inline typename Simd<T>::V splat(T x) {
    return x - typename Simd<T>::V{};
}

template <class T>
inline T total(typename Simd<T>::V v) {
    T sum = 0;
    for (int i = 0; i < Simd<T>::W; ++i) sum += v[i];
    return sum;
}

template <class T>
inline int64_t padded(int64_t size) {
    return (size + Simd<T>::W - 1) / Simd<T>::W * Simd<T>::W;
}

// expm1(y) = s p + (s - 1) with y = k ln 2 + r, s = 2^k and p the Taylor polynomial of expm1 at |r| <= ln(2) / 2, whose
// first omitted term is below half a unit in the last place of r.
template <class T>
struct Exponential {
    using V = typename Simd<T>::V;
    using I = typename Simd<T>::I;
    V power;  // 2^k
    V part;   // expm1(r)

    explicit Exponential(V y) {
        constexpr bool wide = sizeof(T) == 8;
        // adding and subtracting 1.5 * 2^(mantissa bits) rounds to the nearest integer
        const T shift = wide ? T(6755399441055744.0) : T(12582912.0f);
        const T ln2_high = wide ? T(6.93147180369123816490e-01) : T(0.693359375f);
        const T ln2_low = wide ? T(1.90821492927058770002e-10) : T(-2.12194440e-4f);
        const V rounded = y * T(1.4426950408889634) + shift;
        const V k = rounded - shift;
        const V r = (y - k * ln2_high) - k * ln2_low;
        constexpr int degree = wide ? 13 : 7;
        static const double inverse_factorial[14] = {1.0,         1.0,          1.0 / 2,       1.0 / 6,        1.0 / 24,
                                                     1.0 / 120,   1.0 / 720,    1.0 / 5040,    1.0 / 40320,    1.0 / 362880,
                                                     1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800.0};
        V p = splat<T>(T(inverse_factorial[degree]));
#pragma GCC unroll 16
        for (int i = degree - 1; i >= 2; --i) p = p * r + T(inverse_factorial[i]);
        part = (p * r) * r + r;
        constexpr int mantissa = wide ? 52 : 23;
        constexpr int bias = wide ? 1023 : 127;
        const I exponent = __builtin_convertvector(k, I);
        power = reinterpret_cast<V>((exponent + bias) << mantissa);
    }
};

// exp(y) for y <= 0; below the smallest normal number it is that number
template <class T>
inline typename Simd<T>::V exp_nonpositive(typename Simd<T>::V y) {
    const T lowest = sizeof(T) == 8 ? T(-708.0) : T(-87.0f);
    y = y < lowest ? splat<T>(lowest) : y;
    const Exponential<T> e(y);
    return e.power * e.part + e.power;
}

// the magnitude of `t` with the sign of `x`
template <class T>
inline typename Simd<T>::V with_sign(typename Simd<T>::V t, typename Simd<T>::V x) {
    using I = typename Simd<T>::I;
    const I sign = I{} + (typename Simd<T>::Integer(1) << (8 * sizeof(T) - 1));
    return reinterpret_cast<typename Simd<T>::V>((reinterpret_cast<I>(t) & ~sign) | (reinterpret_cast<I>(x) & sign));
}

// tanh(x) = expm1(2|x|) / (expm1(2|x|) + 2) with the sign of x; beyond 20 it is 1 in double already
template <class T>
inline typename Simd<T>::V hyperbolic_tangent(typename Simd<T>::V x) {
    using V = typename Simd<T>::V;
    const T highest = sizeof(T) == 8 ? T(20.0) : T(10.0f);
    const V a = with_sign<T>(x, V{});
    const Exponential<T> e(T(2) * (a > highest ? splat<T>(highest) : a));
    const V minus_one = e.power * e.part + (e.power - T(1));
    return with_sign<T>(minus_one / (minus_one + T(2)), x);
}
