// Functions of one, two or three numbers, on whole vectors.
#pragma once
#include <cmath>
#include <limits>

#include "vectors.h"

template <class T>
inline typename Simd<T>::V anywhere(const T* p) {
    typename Simd<T>::V v;
    std::memcpy(&v, p, sizeof v);
    return v;
}

template <class T>
inline void put_anywhere(T* p, typename Simd<T>::V v) {
    std::memcpy(p, &v, sizeof v);
}

template <class T, class Scalar>
inline typename Simd<T>::V lanes(typename Simd<T>::V v, Scalar function) {
    for (int i = 0; i < Simd<T>::W; ++i) v[i] = function(v[i]);
    return v;
}

// F::of on the first entries of an array
template <class T, class F>
inline typename Simd<T>::V apply(const typename Simd<T>::V (&v)[1]) {
    return F::template of<T>(v[0]);
}
template <class T, class F>
inline typename Simd<T>::V apply(const typename Simd<T>::V (&v)[2]) {
    return F::template of<T>(v[0], v[1]);
}
template <class T, class F>
inline typename Simd<T>::V apply(const typename Simd<T>::V (&v)[3]) {
    return F::template of<T>(v[0], v[1], v[2]);
}

// log(2^k m) = k ln 2 + 2 artanh(s) with s = (m - 1) / (m + 1) and m in [sqrt(1/2), sqrt(2)), so |s| < 0.172: the first
// omitted term of the series is below half a unit in the last place. What is not normal is left to the C library.
template <class T>
inline typename Simd<T>::V logarithm(typename Simd<T>::V x) {
    using V = typename Simd<T>::V;
    using I = typename Simd<T>::I;
    constexpr bool wide = sizeof(T) == 8;
    constexpr int mantissa = wide ? 52 : 23, bias = wide ? 1023 : 127, terms = wide ? 11 : 5;
    for (int i = 0; i < Simd<T>::W; ++i)
        if (!std::isnormal(x[i]) || x[i] < 0) return lanes<T>(x, [](T one) { return std::log(one); });
    const I bits = reinterpret_cast<I>(x);
    const I one = reinterpret_cast<I>(splat<T>(T(1)));
    V m = reinterpret_cast<V>((bits & (((I{} + 1) << mantissa) - 1)) | one);
    V k = __builtin_convertvector((bits >> mantissa) - bias, V);
    const V root = splat<T>(T(1.4142135623730951));
    k = m > root ? k + T(1) : k;
    m = m > root ? m * T(0.5) : m;
    const V s = (m - T(1)) / (m + T(1)), square = s * s;
    V series = splat<T>(T(1.0 / (2 * terms + 1)));
    for (int i = terms - 1; i >= 1; --i) series = series * square + T(1.0 / (2 * i + 1));
    const T ln2_high = wide ? T(6.93147180369123816490e-01) : T(0.693359375f);
    const T ln2_low = wide ? T(1.90821492927058770002e-10) : T(-2.12194440e-4f);
    return k * ln2_high + (T(2) * s + (T(2) * s * square * series + k * ln2_low));
}

// the elementwise operations, under their names in empirics.backends.native.instructions
namespace functions {

#define OF_ONE(name, value)                                                    \
    struct name {                                                              \
        template <class T>                                                     \
        static typename Simd<T>::V of(typename Simd<T>::V a) { return value; } \
    };
#define OF_TWO(name, value)                                                                           \
    struct name {                                                                                     \
        template <class T>                                                                            \
        static typename Simd<T>::V of(typename Simd<T>::V a, typename Simd<T>::V b) { return value; } \
    };
#define LIBRARY(name) OF_ONE(name, lanes<T>(a, [](T x) { return std::name(x); }))
#define COMPARISON(name, condition) OF_TWO(name, (condition) ? splat<T>(T(1)) : typename Simd<T>::V{})

OF_ONE(copy, a)
OF_ONE(neg, -a)
OF_ONE(tanh, hyperbolic_tangent<T>(a))
OF_ONE(log, logarithm<T>(a))
OF_ONE(reciprocal, T(1) / a)
OF_ONE(abs, with_sign<T>(a, typename Simd<T>::V{}))
OF_ONE(sign, lanes<T>(a, [](T x) { return T((x > 0) - (x < 0)); }))
LIBRARY(sqrt)
LIBRARY(sin)
LIBRARY(cos)
LIBRARY(erf)
LIBRARY(expm1)
LIBRARY(cosh)
LIBRARY(sinh)
LIBRARY(atan)
OF_TWO(add, a + b)
OF_TWO(sub, a - b)
OF_TWO(mul, a * b)
OF_TWO(div, a / b)
// a NaN stays one, as in torch
OF_TWO(maximum, a > b || a != a ? a : b)
OF_TWO(minimum, a < b || a != a ? a : b)
OF_TWO(tanh_backward, a * (T(1) - b * b))
COMPARISON(eq, a == b)
COMPARISON(ne, a != b)
COMPARISON(lt, a < b)
COMPARISON(le, a <= b)
COMPARISON(gt, a > b)
COMPARISON(ge, a >= b)

#undef OF_ONE
#undef OF_TWO
#undef LIBRARY
#undef COMPARISON

// exp(y) = exp(y / 2)^2, which reaches infinity and zero where exp does
struct exp {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V y) {
        const T most = sizeof(T) == 8 ? T(700.0) : T(85.0f);
        typename Simd<T>::V half = T(0.5) * y;
        half = half > most ? splat<T>(most) : half;
        half = half < -most ? splat<T>(-most) : half;
        const Exponential<T> e(half);
        const typename Simd<T>::V root = e.power * e.part + e.power;
        return root * root;
    }
};

// log(1 + x) = x log(u) / (u - 1) with u = 1 + x as rounded (Kahan): the error of u is made good by the quotient
struct log1p {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V x) {
        const typename Simd<T>::V u = T(1) + x, step = u - T(1);
        const typename Simd<T>::V found = logarithm<T>(u) * (x / step);
        return step == T(0) ? x : u > std::numeric_limits<T>::max() ? u : found;
    }
};

struct pow {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V a, typename Simd<T>::V b) {
        for (int i = 0; i < Simd<T>::W; ++i) a[i] = std::pow(a[i], b[i]);
        return a;
    }
};

struct where {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V condition, typename Simd<T>::V a, typename Simd<T>::V b) {
        return condition != T(0) ? a : b;
    }
};

}  // namespace functions
