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

// log(1 + x) = x log(u) / (u - 1) with u = 1 + x as rounded (Kahan): the error of u is made good by the quotient
template <class T>
inline typename Simd<T>::V logarithm_of_more(typename Simd<T>::V x) {
    using V = typename Simd<T>::V;
    const V u = T(1) + x, step = u - T(1);
    const V found = logarithm<T>(u) * (x / step);
    return step == T(0) ? x : u > std::numeric_limits<T>::max() ? u : found;
}

#define OF_ONE(Name, value)                                                   \
    struct Name {                                                             \
        template <class T>                                                    \
        static typename Simd<T>::V of(typename Simd<T>::V a) { return value; } \
    };
#define OF_TWO(Name, value)                                                                            \
    struct Name {                                                                                      \
        template <class T>                                                                             \
        static typename Simd<T>::V of(typename Simd<T>::V a, typename Simd<T>::V b) { return value; }  \
    };
#define ONE_WHERE(Name, condition)                                                                      \
    struct Name {                                                                                      \
        template <class T>                                                                             \
        static typename Simd<T>::V of(typename Simd<T>::V a, typename Simd<T>::V b) {                  \
            return (condition) ? splat<T>(T(1)) : typename Simd<T>::V{};                               \
        }                                                                                              \
    };

OF_ONE(Copy, a)
OF_ONE(Negative, -a)
OF_ONE(HyperbolicTangent, hyperbolic_tangent<T>(a))
OF_ONE(Logarithm, logarithm<T>(a))
OF_ONE(SquareRoot, lanes<T>(a, [](T x) { return std::sqrt(x); }))
OF_ONE(Reciprocal, T(1) / a)
OF_ONE(Sine, lanes<T>(a, [](T x) { return std::sin(x); }))
OF_ONE(Cosine, lanes<T>(a, [](T x) { return std::cos(x); }))
OF_ONE(ErrorFunction, lanes<T>(a, [](T x) { return std::erf(x); }))
OF_ONE(Absolute, with_sign<T>(a, typename Simd<T>::V{}))
OF_ONE(Sign, lanes<T>(a, [](T x) { return T((x > 0) - (x < 0)); }))
OF_ONE(LogarithmOfMore, logarithm_of_more<T>(a))
OF_ONE(ExponentialLess, lanes<T>(a, [](T x) { return std::expm1(x); }))
OF_ONE(HyperbolicCosine, lanes<T>(a, [](T x) { return std::cosh(x); }))
OF_ONE(HyperbolicSine, lanes<T>(a, [](T x) { return std::sinh(x); }))
OF_ONE(Arctangent, lanes<T>(a, [](T x) { return std::atan(x); }))
OF_TWO(Add, a + b)
OF_TWO(Subtract, a - b)
OF_TWO(Multiply, a * b)
OF_TWO(Divide, a / b)
// a NaN stays one, as in torch
OF_TWO(Maximum, a > b || a != a ? a : b)
OF_TWO(Minimum, a < b || a != a ? a : b)
OF_TWO(TanhBackward, a * (T(1) - b * b))
ONE_WHERE(Equal, a == b)
ONE_WHERE(Unequal, a != b)
ONE_WHERE(Less, a < b)
ONE_WHERE(AtMost, a <= b)
ONE_WHERE(Greater, a > b)
ONE_WHERE(AtLeast, a >= b)

struct Power {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V a, typename Simd<T>::V b) {
        for (int i = 0; i < Simd<T>::W; ++i) a[i] = std::pow(a[i], b[i]);
        return a;
    }
};

struct Where {
    template <class T>
    static typename Simd<T>::V of(typename Simd<T>::V condition, typename Simd<T>::V a, typename Simd<T>::V b) {
        return condition != T(0) ? a : b;
    }
};

// exp(y) = exp(y / 2)^2, which reaches infinity and zero where exp does
struct ExponentialOf {
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

#undef OF_ONE
#undef OF_TWO
#undef ONE_WHERE
