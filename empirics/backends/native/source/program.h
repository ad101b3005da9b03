// Straight-line programs of tensor operations on one agent: what empirics.backends.native.lowering writes, run by one thread.
//
// Every tensor is an address and a stride for each axis; shapes are known when the program is written. Rows of a tensor
// that a program makes begin on whole vectors, so vectors may be read and written past the end of a row.
#pragma once
#include <cmath>
#include <limits>

#include "elementwise.h"
#include "interface.h"
#include "products.h"
#include "transpose.h"

template <class T>
class Machine {
  public:
    void run(const Instruction* program, int64_t count, T* const (&memory)[area::count]) const {
        for (const Instruction* step = program; step < program + count; ++step) one(*step, memory);
    }

  private:
    static constexpr int W = Simd<T>::W;

    struct Place {
        T* data;
        const int64_t* strides;
    };
    static Place place(const Operand& operand, T* const (&memory)[area::count]) {
        return {memory[operand.area] + operand.offset, operand.strides};
    }

    void one(const Instruction& step, T* const (&memory)[area::count]) const {
        const Place out = place(step.out, memory), a = place(step.a, memory), b = place(step.b, memory), c = place(step.c, memory);
        switch (step.operation) {
#define ON_ROWS(name, ...) \
    case operation::name: return rows<functions::name>(step, out, __VA_ARGS__);
#define ON_ONE(name) ON_ROWS(name, a)
#define ON_TWO(name) ON_ROWS(name, a, b)
#define ON_THREE(name) ON_ROWS(name, a, b, c)
            EACH_UNARY(ON_ONE)
            EACH_BINARY(ON_TWO)
            EACH_TERNARY(ON_THREE)
#undef ON_ONE
#undef ON_TWO
#undef ON_THREE
#undef ON_ROWS
            case operation::sum: return reduce<functions::add>(step, out, a, T(0));
            case operation::amax: return reduce<functions::maximum>(step, out, a, -std::numeric_limits<T>::infinity());
            case operation::product: return products(step, out, a, b, false);
            case operation::accumulate: return products(step, out, a, b, true);
            case operation::transpose: return transposes(step, out, a);
            case operation::gather:
                return indexed(step, b.data, [&](int64_t to, int64_t from, int64_t place) { out.data[to] = a.data[from + place]; });
            case operation::scatter:
                return indexed(step, b.data, [&](int64_t to, int64_t from, int64_t place) { out.data[to + place] = a.data[from]; });
            case operation::scatter_add:
                return indexed(step, b.data, [&](int64_t to, int64_t from, int64_t place) { out.data[to + place] += a.data[from]; });
        }
    }

    // calls row(offsets) for every index of all axes but the last
    template <int Places, class Row>
    static void each_row(const Instruction& step, const Place (&places)[Places], Row row) {
        int64_t offsets[Places] = {}, index[AXES] = {};
        const int64_t outer = step.rank - 1;
        for (;;) {
            row(offsets);
            int64_t axis = outer - 1;
            for (; axis >= 0; --axis) {
                for (int p = 0; p < Places; ++p) offsets[p] += places[p].strides[axis];
                if (++index[axis] < step.extents[axis]) break;
                for (int p = 0; p < Places; ++p) offsets[p] -= places[p].strides[axis] * index[axis];
                index[axis] = 0;
            }
            if (axis < 0) return;
        }
    }

    // the last axis has stride 1 or, for an argument that is the same along it, 0
    template <class F, class... Arguments>
    static void rows(const Instruction& step, Place out, Arguments... arguments) {
        constexpr int count = sizeof...(Arguments);
        const Place places[1 + count] = {out, arguments...};
        const int64_t last = step.rank - 1, length = step.extents[last];
        bool fixed[count], scattered = out.strides[last] != 1 && length > 1;
        for (int p = 0; p < count; ++p) {
            fixed[p] = places[1 + p].strides[last] == 0;
            scattered = scattered || (!fixed[p] && places[1 + p].strides[last] != 1 && length > 1);
        }
        each_row<1 + count>(step, places, [&](const int64_t (&offsets)[1 + count]) {
            const T* from[count];
            for (int p = 0; p < count; ++p) from[p] = places[1 + p].data + offsets[1 + p];
            if (scattered)
                for (int64_t i = 0; i < length; ++i) {
                    typename Simd<T>::V values[count];
                    for (int p = 0; p < count; ++p) values[p] = splat<T>(from[p][i * places[1 + p].strides[last]]);
                    out.data[offsets[0] + i * out.strides[last]] = apply<T, F>(values)[0];
                }
            else
                row<F, count>(length, out.data + offsets[0], from, fixed);
        });
    }

    template <class F, int Count>
    static void row(int64_t length, T* out, const T* const (&from)[Count], const bool (&fixed)[Count]) {
        using V = typename Simd<T>::V;
        V values[Count];
        for (int p = 0; p < Count; ++p)
            if (fixed[p]) values[p] = splat<T>(*from[p]);
        int64_t i = 0;
        for (; i + W <= length; i += W) {
            for (int p = 0; p < Count; ++p)
                if (!fixed[p]) values[p] = anywhere<T>(from[p] + i);
            put_anywhere<T>(out + i, apply<T, F>(values));
        }
        if (i == length) return;
        const size_t rest = size_t(length - i) * sizeof(T);
        for (int p = 0; p < Count; ++p)
            if (!fixed[p]) {
                values[p] = V{};
                std::memcpy(&values[p], from[p] + i, rest);
            }
        const V found = apply<T, F>(values);
        std::memcpy(out + i, &found, rest);
    }

    // onto what `out` holds; axes along which it has stride 0 are reduced
    template <class F>
    static void reduce(const Instruction& step, Place out, Place a, T neutral) {
        using V = typename Simd<T>::V;
        const int64_t last = step.rank - 1, length = step.extents[last];
        const bool across = out.strides[last] == 0, dense = a.strides[last] == 1 || length == 1;
        each_row<2>(step, {out, a}, [&](const int64_t (&offsets)[2]) {
            T* to = out.data + offsets[0];
            const T* from = a.data + offsets[1];
            if (!dense || (!across && out.strides[last] != 1 && length > 1)) {
                for (int64_t i = 0; i < length; ++i) {
                    const V pair[2] = {splat<T>(to[i * out.strides[last]]), splat<T>(from[i * a.strides[last]])};
                    to[i * out.strides[last]] = apply<T, F>(pair)[0];
                }
            } else if (across) {
                V sum = splat<T>(neutral);
                int64_t i = 0;
                for (; i + W <= length; i += W) {
                    const V pair[2] = {sum, anywhere<T>(from + i)};
                    sum = apply<T, F>(pair);
                }
                if (i < length) {
                    V rest = splat<T>(neutral);
                    std::memcpy(&rest, from + i, size_t(length - i) * sizeof(T));
                    const V pair[2] = {sum, rest};
                    sum = apply<T, F>(pair);
                }
                T lane[2 * W] = {};
                put_anywhere<T>(lane, sum);
                for (int half = W / 2; half >= 1; half /= 2) {
                    const V pair[2] = {anywhere<T>(lane), anywhere<T>(lane + half)};
                    put_anywhere<T>(lane, apply<T, F>(pair));
                }
                const V pair[2] = {splat<T>(*to), splat<T>(lane[0])};
                *to = apply<T, F>(pair)[0];
            } else {
                const T* const both[2] = {to, from};
                row<F, 2>(length, to, both, {false, false});
            }
        });
    }

    // extents: batch, rows, columns, inner; a (batch, row, inner), b (batch, inner, -), out (batch, row, -); a single
    // column is made of inner products
    static void products(const Instruction& step, Place out, Place a, Place b, bool add) {
        if (step.extents[2] == 1) return columns(step, out, a, b, add);
        const int64_t M = step.extents[1], N = padded<T>(step.extents[2]), K = step.extents[3];
        for (int64_t i = 0; i < step.extents[0]; ++i) {
            const T *left = a.data + i * a.strides[0], *right = b.data + i * b.strides[0];
            T* to = out.data + i * out.strides[0];
            if (a.strides[2] == 1)
                product<T, false>(M, N, K, left, a.strides[1], right, b.strides[1], to, out.strides[1], add);
            else
                product<T, true>(M, N, K, left, a.strides[2], right, b.strides[1], to, out.strides[1], add);
        }
    }

    static void columns(const Instruction& step, Place out, Place a, Place b, bool add) {
        for (int64_t i = 0; i < step.extents[0]; ++i)
            for (int64_t row = 0; row < step.extents[1]; ++row) {
                T& to = out.data[i * out.strides[0] + row * out.strides[1]];
                const T found = inner(a.data + i * a.strides[0] + row * a.strides[1], b.data + i * b.strides[0], step.extents[3]);
                to = add ? to + found : found;
            }
    }

    static T inner(const T* a, const T* b, int64_t length) {
        typename Simd<T>::V sums[4] = {};
        int64_t i = 0;
        for (; i + 4 * W <= length; i += 4 * W)
#pragma GCC unroll 4
            for (int k = 0; k < 4; ++k) sums[k] += anywhere<T>(a + i + k * W) * anywhere<T>(b + i + k * W);
        for (; i + W <= length; i += W) sums[0] += anywhere<T>(a + i) * anywhere<T>(b + i);
        T sum = total<T>((sums[0] + sums[1]) + (sums[2] + sums[3]));
        for (; i < length; ++i) sum += a[i] * b[i];
        return sum;
    }

    // extents: batch, rows and columns of `out`, whose transpose lies in a
    static void transposes(const Instruction& step, Place out, Place a) {
        for (int64_t i = 0; i < step.extents[0]; ++i)
            transpose<T>(step.extents[2], step.extents[1], a.data + i * a.strides[0], a.strides[2],
                         out.data + i * out.strides[0], out.strides[1]);
    }

    // c holds no tensor but the indexed axis: its stride and its length; an index outside of it moves nothing
    template <class Move>
    static void indexed(const Instruction& step, const T* index, Move move) {
        const Place places[3] = {{nullptr, step.out.strides}, {nullptr, step.a.strides}, {nullptr, step.b.strides}};
        const int64_t last = step.rank - 1;
        each_row<3>(step, places, [&](const int64_t (&offsets)[3]) {
            for (int64_t i = 0; i < step.extents[last]; ++i) {
                const int64_t at = int64_t(index[offsets[2] + i * step.b.strides[last]]);
                if (at < 0 || at >= step.c.strides[0]) continue;
                move(offsets[0] + i * step.out.strides[last], offsets[1] + i * step.a.strides[last], at * step.c.offset);
            }
        });
    }
};
