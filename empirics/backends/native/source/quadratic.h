// f(w) = (w - c)^T A (w - c) / 2, with the bounded two-sign noise of empirics.tasks.noise in stochastic modes.
#pragma once
#include <cmath>

#include "buffer.h"
#include "draws.h"
#include "interface.h"
#include "products.h"
#include "weights.h"

// Small matrices are taken several agents at a time: one agent's steps depend on each other, different agents' do not.
template <class T>
class Quadratic {
  public:
    static int64_t group(const Job& job) {
        return std::max<int64_t>(1, std::min<int64_t>(8, 64 / padded<T>(job.d)));
    }

    Quadratic(const Job& job, int64_t)
        : job_(job), d_(job.d), row_(padded<T>(job.d)), group_(group(job)), copy_(group_ * d_ * row_), c_(group_ * row_),
          u_(group_ * row_), v_(group_ * row_), offset_(group_ * row_), members_(size_t(group_)) {}

    int64_t size() const { return group_ * row_; }
    void read(const T* w, T* x) const {
        for (int64_t i = 0; i < present_; ++i) std::memcpy(x + i * row_, w, size_t(d_) * sizeof(T));
    }
    void add(const T* x, T* sum) const {
        for (int64_t i = 0; i < present_; ++i) {
            const T weight = weight_of<T>(job_, members_[size_t(i)].who.agent);
            for (int64_t j = 0; j < d_; ++j) sum[j] += weight * x[i * row_ + j];
        }
    }

    // a selected agent's matrix lies anywhere in memory: ask for it before it is needed
    void expect(const Participant* members, int64_t present) const {
        const int64_t bytes = std::min<int64_t>(d_ * d_ * int64_t(sizeof(T)), 8192);
        for (int64_t i = 0; i < present; ++i)
            for (int64_t byte = 0; byte < bytes; byte += 64)
                __builtin_prefetch(reinterpret_cast<const char*>(at(job_.matrices, members[i].agent * d_ * d_)) + byte);
    }

    void agents(const Participant* members, int64_t present) {
        present_ = present;
        for (int64_t i = 0; i < present; ++i) {
            Member& member = members_[size_t(i)];
            const int64_t first = members[i].agent * d_;
            member.who = members[i];
            member.A = at(job_.matrices, first * d_);
            if (row_ != d_ || reinterpret_cast<uintptr_t>(member.A) % VECTOR_BYTES != 0) {
                T* own = copy_ + i * d_ * row_;
                for (int64_t j = 0; j < d_; ++j) std::memcpy(own + j * row_, member.A + j * d_, size_t(d_) * sizeof(T));
                member.A = own;
            }
            std::memcpy(c_ + i * row_, at(job_.centres, first), size_t(d_) * sizeof(T));
            if (!job_.noise_u) continue;
            std::memcpy(u_ + i * row_, at(job_.noise_u, first), size_t(d_) * sizeof(T));
            std::memcpy(v_ + i * row_, at(job_.noise_v, first), size_t(d_) * sizeof(T));
            member.phi = *at(job_.noise_phi, members[i].agent);
        }
    }

    void batch_of_all() { noisy_ = false; }
    void batch(uint64_t key, int64_t size) {
        noisy_ = job_.noise_u != nullptr;
        if (!noisy_) return;
        for (int64_t i = 0; i < present_; ++i) {
            const auto means = sign_means(key, members_[size_t(i)].who, size);
            members_[size_t(i)].signs[0] = T(means[0]);
            members_[size_t(i)].signs[1] = T(means[1]);
        }
    }

    void primal(int64_t, const T*) {}

    void gradient(int64_t, const T* x, T* g) {
        for (int64_t i = 0; i < present_ * row_; i += W) store<T>(offset_ + i, load<T>(x + i) - load<T>(c_ + i));
        times(offset_, g);
        if (!noisy_) return;
        const T a = T(job_.noise_amplitude), k = T(job_.noise_frequency);
        for (int64_t i = 0; i < present_; ++i) {
            const Member& member = members_[size_t(i)];
            along(u_, i, T(job_.noise_gradient) * member.signs[0], g);
            if (a != 0) along(v_, i, -a * k * std::sin(k * dot(v_, x, i) + member.phi) * member.signs[1], g);
        }
    }

    void hvp(int64_t, const T* x, const T* vector, T* result) {
        times(vector, result);
        const T a = T(job_.noise_amplitude), k = T(job_.noise_frequency);
        if (!noisy_ || a == 0) return;
        for (int64_t i = 0; i < present_; ++i) {
            const Member& member = members_[size_t(i)];
            const T wave = std::cos(k * dot(v_, x, i) + member.phi) * member.signs[1];
            along(v_, i, -a * k * k * wave * dot(v_, vector, i), result);
        }
    }

  private:
    static constexpr int W = Simd<T>::W;
    struct Member {
        Participant who{};
        const T* A = nullptr;
        T phi = 0, signs[2] = {0, 0};
    };

    static const T* at(const void* array, int64_t place) { return static_cast<const T*>(array) + place; }
    void times(const T* x, T* y) const {
        for (int64_t i = 0; i < present_; ++i)
            symmetric_times<T>(d_, members_[size_t(i)].A, row_, x + i * row_, y + i * row_);
    }
    void along(const T* directions, int64_t i, T scale, T* y) const {
        for (int64_t j = i * row_; j < (i + 1) * row_; j += W)
            store<T>(y + j, load<T>(y + j) + scale * load<T>(directions + j));
    }
    T dot(const T* a, const T* b, int64_t i) const {
        typename Simd<T>::V sum{};
        for (int64_t j = i * row_; j < (i + 1) * row_; j += W) sum += load<T>(a + j) * load<T>(b + j);
        return total<T>(sum);
    }

    const Job& job_;
    int64_t d_, row_, group_, present_ = 0;
    bool noisy_ = false;
    Buffer<T> copy_, c_, u_, v_, offset_;
    std::vector<Member> members_;
};
