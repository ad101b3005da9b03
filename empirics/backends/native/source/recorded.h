// Any task whose derivatives were recorded: a program for each number of samples in a batch.
#pragma once
#include "buffer.h"
#include "draws.h"
#include "interface.h"
#include "program.h"
#include "weights.h"

template <class T>
class Recorded {
  public:
    Recorded(const Job& job, int64_t slots)
        : job_(job), scratch_(job.scratch_values) {
        int64_t largest = 0;
        for (int64_t p = 0; p < job.program_count; ++p) {
            batches_.emplace_back(job_.programs[p].batch_values);
            largest = std::max(largest, job_.programs[p].samples);
        }
        for (int64_t slot = 0; slot < slots; ++slot) slots_.push_back({Buffer<T>(slot_values(job)), 0});
        indices_.resize(size_t(largest));
    }

    static int64_t slot_values(const Job& job) {
        int64_t values = 0;
        for (int64_t p = 0; p < job.program_count; ++p)
            values = std::max(values, job.programs[p].kept_values);
        return values;
    }
    static int64_t group(const Job&) { return 1; }
    int64_t size() const { return job_.point_values; }
    void expect(const Participant*, int64_t) const {}

    void read(const T* w, T* x) const {
        each_row([&](int64_t at, int64_t columns) {
            std::memcpy(x + at, w, size_t(columns) * sizeof(T));
            w += columns;
        });
    }
    void add(const T* x, T* sum) const {
        const T weight = weight_of<T>(job_, who_.agent);
        each_row([&](int64_t at, int64_t columns) {
            for (int64_t j = 0; j < columns; ++j) *sum++ += weight * x[at + j];
        });
    }

    void agents(const Participant* members, int64_t) {
        who_ = *members;
        loaded_ = false;
    }
    void batch_of_all() {
        current_ = of(job_.samples);
        if (loaded_) return;
        loaded_ = true;
        gather(nullptr);
    }
    void batch(uint64_t key, int64_t size) {
        subset(key, who_, size, job_.samples, indices_.data());
        current_ = of(size);
        gather(indices_.data());
    }

    void primal(int64_t slot, const T* x) {
        slots_[size_t(slot)].program = current_;
        run(phase::primal, slot, x, nullptr, nullptr, nullptr);
    }
    // after primal at the same point
    void gradient(int64_t slot, const T* x, T* g) { run(phase::gradient, slot, x, nullptr, g, nullptr); }
    void hvp(int64_t slot, const T* x, const T* v, T* to) { run(phase::tangent, slot, x, v, nullptr, to); }

    // gradient and Hessian-vector product (d,) of an agent on its first samples
    void derivatives(int64_t agent, int64_t samples, const T* w, const T* v, T* g, T* to) {
        who_.agent = agent;
        current_ = of(samples);
        gather(nullptr);
        Buffer<T> x(size()), along(size()), slope(size()), product(size());
        read(w, x);
        read(v, along);
        primal(0, x);
        hvp(0, x, along, product);
        gradient(0, x, slope);
        std::memset(g, 0, size_t(job_.d) * sizeof(T));
        std::memset(to, 0, size_t(job_.d) * sizeof(T));
        add(slope, g);
        add(product, to);
    }

  private:
    struct Slot {
        Buffer<T> values;
        int64_t program;
    };

    template <class Row>
    void each_row(Row row) const {
        int64_t at = 0;
        for (int64_t p = 0; p < job_.parameter_count; ++p)
            for (int64_t i = 0; i < job_.parameters[p].rows; ++i, at += padded<T>(job_.parameters[p].columns))
                row(at, job_.parameters[p].columns);
    }

    int64_t of(int64_t samples) const {
        int64_t p = 0;
        while (job_.programs[p].samples != samples) ++p;
        return p;
    }

    void run(int64_t phase, int64_t slot, const T* x, const T* v, T* g, T* to) {
        Slot& own = slots_[size_t(slot)];
        run(job_.programs[own.program], phase, own.values, batches_[size_t(own.program)], x, v, g, to);
    }
    void run(const Program& program, int64_t phase, T* own, T* samples, const T* x, const T* v, T* g, T* to) const {
        T* memory[area::count];
        memory[area::scratch] = scratch_;
        memory[area::kept] = own;
        // no instruction writes to a point, a vector or a constant
        memory[area::point] = const_cast<T*>(x);
        memory[area::vector] = const_cast<T*>(v);
        memory[area::batch] = samples;
        memory[area::constants] = static_cast<T*>(program.constants);
        memory[area::gradient] = g;
        memory[area::result] = to;
        machine_.run(program.phases[phase], program.counts[phase], memory);
    }

    void gather(const int32_t* indices) {
        const Program& program = job_.programs[current_];
        T* to = batches_[size_t(current_)];
        for (int64_t k = 0; k < job_.data_count; ++k)
            copy(job_.data[k], program.samples, indices, to + program.offsets[k]);
        run(program, phase::samples, nullptr, to, nullptr, nullptr, nullptr, nullptr);
    }
    // single numbers make one row of all samples
    void copy(const Data& data, int64_t samples, const int32_t* indices, T* to) const {
        const int64_t rows = std::max<int64_t>(data.rows, 1), pitch = data.rows ? padded<T>(data.columns) : 1;
        const int64_t size = rows * data.columns;
        const T* from = static_cast<const T*>(data.values) + who_.agent * job_.samples * size;
        for (int64_t s = 0; s < samples; ++s)
            for (int64_t i = 0; i < rows; ++i, to += pitch)
                std::memcpy(to, from + (indices ? indices[s] : s) * size + i * data.columns, size_t(data.columns) * sizeof(T));
    }

    const Job& job_;
    Machine<T> machine_;
    Buffer<T> scratch_;
    std::vector<Buffer<T>> batches_;
    std::vector<Slot> slots_;
    std::vector<int32_t> indices_;
    Participant who_{};
    int64_t current_ = 0;
    bool loaded_ = false;
};
