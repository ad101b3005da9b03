// One meta-gradient of one agent in each mode: the reverse sweeps of empirics.algorithm.meta_gradients on padded vectors.
#pragma once
#include "buffer.h"
#include "interface.h"
#include "vectors.h"

// keys of one local step: nu inner batches, the outer batch, nu Hessian batches
struct StepKeys {
    const uint64_t *inner, *outer, *hessian;
};

template <class T, class Model>
class Sweep {
  public:
    // the primal of every point is kept while it fits into a second-level cache, and made again beyond
    static constexpr int64_t kept_bytes = 3 << 20;
    static int64_t slots_of(const Job& job, int64_t slot_values) {
        const bool fits = (job.nu + 1) * slot_values * int64_t(sizeof(T)) <= kept_bytes;
        const bool exact = job.curved && !job.outer && !(job.delta > 0);
        return fits && exact ? job.nu + 1 : 1;
    }

    Sweep(const Job& job, Model& model, int64_t slots) : job_(job), model_(model), size_(model.size()), keeps_(slots > 1) {
        for (int64_t l = 0; l <= (job.curved ? job.nu : 0); ++l) points_.emplace_back(size_);
        product_ = Buffer<T>(size_);
        ahead_ = Buffer<T>(size_);
        probe_ = Buffer<T>(size_);
    }

    // v = g(w)
    void operator()(const T* w, const StepKeys& keys, T* v) {
        std::memcpy(points_[0], w, size_t(size_) * sizeof(T));
        const bool curved = points_.size() > 1;
        int64_t at = 0;
        for (int64_t l = 0; l < job_.nu; ++l) {
            choose(keys.inner + l, job_.inner);
            gradient(slot(l), points_[size_t(at)], product_);
            const int64_t next = curved ? l + 1 : 0;
            step(points_[size_t(at)], T(job_.alpha), product_, points_[size_t(next)]);
            at = next;
        }
        choose(keys.outer, job_.outer);
        gradient(slot(job_.nu), points_[size_t(at)], v);
        if (!curved) return;
        for (int64_t l = job_.nu - 1; l >= 0; --l) {
            choose(keys.hessian + l, job_.hessian);
            if (job_.delta > 0)
                difference(points_[size_t(l)], v);
            else {
                if (!keeps_) model_.primal(0, points_[size_t(l)]);
                model_.hvp(slot(l), points_[size_t(l)], v, product_);
                step(v, T(job_.alpha), product_, v);
            }
        }
    }

  private:
    int64_t slot(int64_t l) const { return keeps_ ? l : 0; }
    void choose(const uint64_t* key, int64_t batch_size) {
        if (batch_size)
            model_.batch(*key, batch_size);
        else
            model_.batch_of_all();
    }
    void gradient(int64_t slot_index, const T* x, T* g) {
        model_.primal(slot_index, x);
        model_.gradient(slot_index, x, g);
    }
    void step(const T* x, T scale, const T* direction, T* to) const {
        for (int64_t i = 0; i < size_; i += Simd<T>::W) store<T>(to + i, load<T>(x + i) - scale * load<T>(direction + i));
    }
    // v - alpha [grad f(x + delta v) - grad f(x - delta v)] / (2 delta)
    void difference(const T* x, T* v) {
        step(x, -T(job_.delta), v, probe_);
        gradient(0, probe_, ahead_);
        step(x, T(job_.delta), v, probe_);
        gradient(0, probe_, product_);
        step(ahead_, T(1), product_, product_);
        step(v, T(job_.alpha / (2 * job_.delta)), product_, v);
    }

    const Job& job_;
    Model& model_;
    int64_t size_;
    bool keeps_;
    std::vector<Buffer<T>> points_;
    Buffer<T> product_, ahead_, probe_;
};
