// Dense tanh networks with a mean cross-entropy or squared loss: forward, backward and R-operator written out.
//
// Activations are (units, samples), samples padded to whole vectors whose weight in the loss is 0. A layer's weights are
// the left factor of its products, so no weight matrix is ever transposed; the gradient of a layer needs the previous
// activations as (samples, units), so each activation is transposed once. With Z = W A' + b, A = tanh(Z), E = dloss/dZ:
//     E' = (W^T E) (1 - A'^2),   dW = E A'^T
//     RZ = V A' + W RA' + vb,    RA = (1 - A^2) RZ
//     RE' = (W^T RE + V^T E) (1 - A'^2) - 2 A' E' RZ',   RdW = RE A'^T + E RA'^T
#pragma once
#include "buffer.h"
#include "draws.h"
#include "interface.h"
#include "products.h"
#include "transpose.h"
#include "weights.h"

template <class T>
class Dense {
  public:
    using V = typename Simd<T>::V;
    static constexpr int W = Simd<T>::W;

    Dense(const Job& job, int64_t slots) : job_(job), layers_(job.layers), width_(job.widths, job.widths + job.layers + 1) {
        for (int64_t width : width_) row_.push_back(padded<T>(width));
        for (int64_t l = 0; l < layers_; ++l) {
            weights_.push_back(size_);
            size_ += width_[l + 1] * row_[l];
            biases_.push_back(size_);
            size_ += row_[l + 1];
        }
        const int64_t largest = std::max({job.samples, job.inner, job.outer, job.hessian});
        capacity_ = padded<T>(largest);
        int64_t widest = 0;
        for (int64_t l = 1; l <= layers_; ++l) widest = std::max(widest, row_[l]);
        all_ = Samples(capacity_, row_[0], width_[0], output_numbers());
        some_ = Samples(capacity_, row_[0], width_[0], output_numbers());
        for (int64_t slot = 0; slot < slots; ++slot) slots_.emplace_back(*this);
        for (int64_t l = 0; l <= layers_; ++l) RZ_.emplace_back(width_[l] * capacity_);
        RA_ = Buffer<T>(widest * capacity_);
        for (int64_t l = 0; l < layers_; ++l) RAt_.emplace_back(l ? capacity_ * row_[l] : 0);
        RE_ = Buffer<T>(widest * capacity_);
        below_ = Buffer<T>(widest * capacity_);
        indices_.resize(size_t(largest));
    }

    int64_t size() const { return size_; }
    static int64_t slot_values(const Job& job) {
        int64_t values = 0;
        for (int64_t l = 1; l <= job.layers; ++l) values += 3 * padded<T>(job.widths[l]) * padded<T>(job.samples);
        return values;
    }

    void read(const T* w, T* x) const {
        for (int64_t l = 0; l < layers_; ++l) {
            for (int64_t i = 0; i < width_[l + 1]; ++i, w += width_[l])
                std::memcpy(x + weights_[l] + i * row_[l], w, size_t(width_[l]) * sizeof(T));
            std::memcpy(x + biases_[l], w, size_t(width_[l + 1]) * sizeof(T));
            w += width_[l + 1];
        }
    }
    void add(const T* x, T* sum) const {
        const T weight = weight_of<T>(job_, who_.agent);
        for (int64_t l = 0; l < layers_; ++l) {
            for (int64_t i = 0; i < width_[l + 1]; ++i)
                for (int64_t j = 0; j < width_[l]; ++j) *sum++ += weight * x[weights_[l] + i * row_[l] + j];
            for (int64_t i = 0; i < width_[l + 1]; ++i) *sum++ += weight * x[biases_[l] + i];
        }
    }

    static int64_t group(const Job&) { return 1; }
    void expect(const Participant*, int64_t) const {}

    void agents(const Participant* members, int64_t) {
        who_ = *members;
        loaded_ = false;
    }

    void batch_of_all() {
        current_ = &all_;
        if (loaded_) return;
        loaded_ = true;
        gather(all_, nullptr, job_.samples);
    }
    void batch(uint64_t key, int64_t size) {
        subset(key, who_, size, job_.samples, indices_.data());
        gather(some_, indices_.data(), size);
        current_ = &some_;
    }

    // activations and E of every layer at x, on the current batch
    void primal(int64_t slot_index, const T* x) {
        Slot& slot = slots_[size_t(slot_index)];
        const Samples& batch = *current_;
        slot.batch = current_;
        const int64_t S = batch.row;
        for (int64_t l = 0; l < layers_; ++l) {
            T* Z = slot.A[l + 1];
            fill(width_[l + 1], S, x + biases_[l], Z);
            const T* below = l ? slot.A[l] : static_cast<const T*>(batch.Xt);
            product<T, false>(width_[l + 1], S, width_[l], x + weights_[l], row_[l], below, S, Z, S, true);
            if (l + 1 == layers_) break;
            for (int64_t i = 0; i < width_[l + 1] * S; i += W) store<T>(Z + i, hyperbolic_tangent<T>(load<T>(Z + i)));
            transpose<T>(width_[l + 1], S, Z, S, slot.At[l + 1], row_[l + 1]);
        }
        output_error(slot, batch);
        for (int64_t l = layers_ - 1; l >= 1; --l) {
            T* E = slot.E[l];
            product<T, true>(width_[l], S, width_[l + 1], x + weights_[l], row_[l], slot.E[l + 1], S, E, S, false);
            through_tanh(width_[l] * S, slot.A[l], E, E);
        }
    }

    // after primal at the same point
    void gradient(int64_t slot_index, const T*, T* g) {
        const Slot& slot = slots_[size_t(slot_index)];
        const int64_t S = slot.batch->row;
        for (int64_t l = 0; l < layers_; ++l) {
            const T* below = l ? slot.At[l] : static_cast<const T*>(slot.batch->X);
            product<T, false>(width_[l + 1], row_[l], S, slot.E[l + 1], S, below, row_[l], g + weights_[l], row_[l], false);
            row_sums(width_[l + 1], S, slot.E[l + 1], g + biases_[l]);
        }
    }

    // after primal at the same point x
    void hvp(int64_t slot_index, const T* x, const T* v, T* result) {
        const Slot& slot = slots_[size_t(slot_index)];
        const Samples& batch = *slot.batch;
        const int64_t S = batch.row;
        for (int64_t l = 0; l < layers_; ++l) {
            T* RZ = RZ_[size_t(l + 1)];
            const int64_t units = width_[l + 1];
            fill(units, S, v + biases_[l], RZ);
            const T* below = l ? slot.A[l] : static_cast<const T*>(batch.Xt);
            product<T, false>(units, S, width_[l], v + weights_[l], row_[l], below, S, RZ, S, true);
            if (l) {
                through_tanh(width_[l] * S, slot.A[l], RZ_[size_t(l)], RA_);
                product<T, false>(units, S, width_[l], x + weights_[l], row_[l], RA_, S, RZ, S, true);
            }
        }
        output_error_derivative(slot, batch);
        for (int64_t l = layers_ - 1; l >= 0; --l) {
            const int64_t units = width_[l + 1];
            const T* below = l ? slot.At[l] : static_cast<const T*>(batch.X);
            product<T, false>(units, row_[l], S, RE_, S, below, row_[l], result + weights_[l], row_[l], false);
            row_sums(units, S, RE_, result + biases_[l]);
            if (l == 0) break;
            const T *A = slot.A[l], *E = slot.E[l], *RZ = RZ_[size_t(l)];
            through_tanh(width_[l] * S, A, RZ, RA_);
            transpose<T>(width_[l], S, RA_, S, RAt_[size_t(l)], row_[l]);
            product<T, false>(units, row_[l], S, slot.E[l + 1], S, RAt_[size_t(l)], row_[l], result + weights_[l], row_[l], true);
            product<T, true>(width_[l], S, units, x + weights_[l], row_[l], RE_, S, below_, S, false);
            product<T, true>(width_[l], S, units, v + weights_[l], row_[l], slot.E[l + 1], S, below_, S, true);
            for (int64_t i = 0; i < width_[l] * S; i += W) {
                const V a = load<T>(A + i);
                const V curved = T(2) * a * load<T>(E + i) * load<T>(RZ + i);
                store<T>(RE_ + i, load<T>(below_ + i) * (T(1) - a * a) - curved);
            }
        }
    }

  private:
    struct Samples {
        Samples() = default;
        Samples(int64_t capacity, int64_t row, int64_t inputs, int64_t outputs)
            : X(capacity * row), Xt(inputs * capacity), targets(outputs * capacity), label(size_t(capacity)) {}
        Buffer<T> X, Xt, targets;
        std::vector<int64_t> label;
        int64_t count = 0, row = 0;
    };
    struct Slot {
        explicit Slot(const Dense& net) {
            for (int64_t l = 0; l <= net.layers_; ++l) {
                const int64_t values = l ? net.row_[l] * net.capacity_ : 0;
                A.emplace_back(values);
                At.emplace_back(l < net.layers_ ? values : 0);
                E.emplace_back(values);
            }
        }
        std::vector<Buffer<T>> A, At, E;
        const Samples* batch = nullptr;
    };

    bool classifies() const { return job_.labels != nullptr; }
    int64_t output_numbers() const { return classifies() ? 0 : width_[layers_]; }

    void gather(Samples& to, const int32_t* indices, int64_t count) {
        const int64_t p = width_[0], out = width_[layers_], stride = row_[0];
        to.count = count;
        to.row = padded<T>(count);
        const T* x = static_cast<const T*>(job_.inputs) + who_.agent * job_.samples * p;
        const T* y = static_cast<const T*>(job_.targets) + who_.agent * job_.samples * out;
        for (int64_t s = 0; s < to.row; ++s) {
            const int64_t from = indices ? (s < count ? indices[s] : 0) : s;
            if (s < count)
                std::memcpy(to.X + s * stride, x + from * p, size_t(p) * sizeof(T));
            else
                std::memset(to.X + s * stride, 0, size_t(p) * sizeof(T));
            if (classifies()) to.label[size_t(s)] = s < count ? job_.labels[who_.agent * job_.samples + from] : -1;
            if (!classifies())
                for (int64_t i = 0; i < out; ++i) to.targets[i * to.row + s] = s < count ? y[from * out + i] : T(0);
        }
        transpose<T>(to.row, p, to.X, stride, to.Xt, to.row);
    }

    // derivatives in Z from those in A = tanh(Z), or the R of A from that of Z: times 1 - A^2
    static void through_tanh(int64_t count, const T* A, const T* from, T* to) {
        for (int64_t i = 0; i < count; i += W) {
            const V a = load<T>(A + i);
            store<T>(to + i, load<T>(from + i) * (T(1) - a * a));
        }
    }
    static void fill(int64_t units, int64_t S, const T* values, T* Z) {
        for (int64_t i = 0; i < units; ++i) {
            const V b = splat<T>(values[i]);
            for (int64_t s = 0; s < S; s += W) store<T>(Z + i * S + s, b);
        }
    }
    static void row_sums(int64_t units, int64_t S, const T* E, T* sums) {
        for (int64_t i = 0; i < units; ++i) {
            V sum = load<T>(E + i * S);
            for (int64_t s = W; s < S; s += W) sum += load<T>(E + i * S + s);
            sums[i] = total<T>(sum);
        }
    }
    // 1 / (samples of the mean) for samples, 0 for padding
    V weights(const Samples& batch, int64_t s, T weight) const {
        V result = splat<T>(weight);
        for (int64_t lane = 0; lane < W; ++lane)
            if (s + lane >= batch.count) result[lane] = 0;
        return result;
    }

    // cross-entropy: A of the last layer becomes the softmax p, E = (p - onehot) / count; squares: E = 2 (Z - y) / (count out)
    void output_error(Slot& slot, const Samples& batch) {
        const int64_t S = batch.row, out = width_[layers_];
        T *Z = slot.A[size_t(layers_)], *E = slot.E[size_t(layers_)];
        for (int64_t s = 0; s < S; s += W) {
            if (!classifies()) {
                const V weight = weights(batch, s, T(2) / T(batch.count * out));
                for (int64_t i = 0; i < out; ++i)
                    store<T>(E + i * S + s, weight * (load<T>(Z + i * S + s) - load<T>(batch.targets + i * S + s)));
                continue;
            }
            const V weight = weights(batch, s, T(1) / T(batch.count));
            V highest = load<T>(Z + s), sum{};
            for (int64_t i = 1; i < out; ++i) {
                const V z = load<T>(Z + i * S + s);
                highest = z > highest ? z : highest;
            }
            for (int64_t i = 0; i < out; ++i) {
                const V e = exp_nonpositive<T>(load<T>(Z + i * S + s) - highest);
                store<T>(Z + i * S + s, e);
                sum += e;
            }
            for (int64_t i = 0; i < out; ++i) {
                const V p = load<T>(Z + i * S + s) / sum;
                store<T>(Z + i * S + s, p);
                store<T>(E + i * S + s, weight * p);
            }
            for (int64_t lane = 0; lane < W; ++lane) {
                const int64_t label = batch.label[size_t(s + lane)];
                if (label >= 0) {
                    const int64_t place = label * S + s + lane;
                    E[place] = weight[lane] * (Z[place] - T(1));
                }
            }
        }
    }

    // RE = weight p (RZ - sum p RZ) for cross-entropy, 2 RZ / (count out) for squares
    void output_error_derivative(const Slot& slot, const Samples& batch) {
        const int64_t S = batch.row, out = width_[layers_];
        const T *P = slot.A[size_t(layers_)], *RZ = RZ_[size_t(layers_)];
        for (int64_t s = 0; s < S; s += W) {
            const V weight = weights(batch, s, classifies() ? T(1) / T(batch.count) : T(2) / T(batch.count * out));
            V mean{};
            if (classifies())
                for (int64_t i = 0; i < out; ++i) mean += load<T>(P + i * S + s) * load<T>(RZ + i * S + s);
            for (int64_t i = 0; i < out; ++i) {
                const V r = load<T>(RZ + i * S + s);
                store<T>(RE_ + i * S + s, classifies() ? weight * load<T>(P + i * S + s) * (r - mean) : weight * r);
            }
        }
    }

    const Job& job_;
    int64_t layers_, size_ = 0, capacity_ = 0;
    Participant who_{};
    bool loaded_ = false;
    std::vector<int64_t> width_, row_, weights_, biases_;
    Samples all_, some_;
    const Samples* current_ = nullptr;
    std::vector<Slot> slots_;
    std::vector<Buffer<T>> RZ_, RAt_;
    Buffer<T> RA_, RE_, below_;
    std::vector<int32_t> indices_;
};
