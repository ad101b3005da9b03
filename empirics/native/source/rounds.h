// Rounds: every thread takes whole blocks of agents, so that nothing waits inside a round, and sums them in fixed order.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "sweeps.h"

// Workers that sleep between rounds; the caller works too.
class Crew {
  public:
    explicit Crew(int64_t threads) {
        for (int64_t id = 1; id < threads; ++id) threads_.emplace_back([this, id] { serve(id); });
    }
    ~Crew() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            stop_ = true;
        }
        wake_.notify_all();
        for (auto& thread : threads_) thread.join();
    }
    template <class Work>
    void run(Work&& work) {
        work_ = work;
        {
            std::lock_guard<std::mutex> lock(mutex_);
            ++turn_;
            busy_ = threads_.size();
        }
        wake_.notify_all();
        work(0);
        std::unique_lock<std::mutex> lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
    }

  private:
    void serve(int64_t id) {
        for (uint64_t seen = 0;;) {
            std::unique_lock<std::mutex> lock(mutex_);
            wake_.wait(lock, [&] { return stop_ || turn_ != seen; });
            if (stop_) return;
            seen = turn_;
            lock.unlock();
            work_(id);
            lock.lock();
            if (--busy_ == 0) done_.notify_one();
        }
    }
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    std::function<void(int64_t)> work_;
    uint64_t turn_ = 0;
    size_t busy_ = 0;
    bool stop_ = false;
};

template <class T, class Model>
class Rounds {
  public:
    Rounds(const Job& job, int64_t slot_values)
        : job_(job),
          group_(Model::group(job)),
          block_(std::max<int64_t>(1, std::min<int64_t>(16, job.count / 64) / group_) * group_),
          blocks_((job.count + block_ - 1) / block_),
          threads_(std::max<int64_t>(1, std::min(job.threads, job.replicas * blocks_))),
          partial_(job.replicas * blocks_ * job.d),
          chosen_(size_t(job.replicas * job.count)) {
        const int64_t slots = Sweep<T, Model>::slots_of(job, slot_values);
        for (int64_t id = 0; id < threads_; ++id) benches_.push_back(std::make_unique<Bench>(job, slots));
    }

    // rounds done; the last of them is the first whose average is not finite, if there is one
    int64_t operator()() {
        const T* from = static_cast<const T*>(job_.start);
        T* to = static_cast<T*>(job_.iterates);
        const int64_t steps = 2 * job_.nu + 1, stride = 1 + job_.tau * steps;
        for (int64_t r = 0; r < job_.replicas; ++r)
            if (job_.count == job_.agents) draw(job_.keys, r);
        Crew crew(threads_);
        for (int64_t round = 0; round < job_.rounds; ++round) {
            const uint64_t* keys = job_.keys + round * stride;
            if (job_.count < job_.agents)
                for (int64_t r = 0; r < job_.replicas; ++r) draw(keys, r);
            const int64_t from_row = round ? job_.rounds * job_.d : job_.d;
            const T* start = round ? to + (round - 1) * job_.d : from;
            std::atomic<int64_t> next{0};
            crew.run([&](int64_t id) {
                for (int64_t unit; (unit = next.fetch_add(1)) < job_.replicas * blocks_;)
                    block(*benches_[size_t(id)], unit / blocks_, unit % blocks_, start + unit / blocks_ * from_row, keys + 1);
            });
            bool finite = true;
            for (int64_t r = 0; r < job_.replicas; ++r)
                finite = average(r, to + (r * job_.rounds + round) * job_.d) && finite;
            if (!finite) return round + 1;
        }
        return job_.rounds;
    }

  private:
    // what one thread works on
    struct Bench {
        Bench(const Job& job, int64_t slots)
            : model(job, slots), sweep(job, model, slots), local(model.size()), gradient(model.size()) {}
        Model model;
        Sweep<T, Model> sweep;
        Buffer<T> local, gradient;
    };

    void draw(const uint64_t* keys, int64_t r) {
        participants(keys[0], job_.replica_ids[r], job_.agents, job_.count, chosen_.data() + r * job_.count, table_);
    }

    void block(Bench& bench, int64_t r, int64_t index, const T* start, const uint64_t* keys) {
        T* sum = partial_ + (r * blocks_ + index) * job_.d;
        std::memset(sum, 0, size_t(job_.d) * sizeof(T));
        const int64_t end = std::min(job_.count, (index + 1) * block_);
        const int64_t* members = chosen_.data() + r * job_.count;
        const auto present = [&](int64_t place) { return std::min(group_, end - place); };
        for (int64_t place = index * block_; place < end; place += group_) {
            const int64_t next = place + group_;
            if (next < end) bench.model.expect(members + next, present(next));
            bench.model.agents(members + place, present(place), job_.replica_ids[r]);
            bench.model.read(start, bench.local);
            for (int64_t step = 0; step < job_.tau; ++step) {
                const uint64_t* own = keys + step * (2 * job_.nu + 1);
                bench.sweep(bench.local, {own, own + job_.nu, own + job_.nu + 1}, bench.gradient);
                for (int64_t i = 0; i < bench.model.size(); i += Simd<T>::W)
                    store<T>(bench.local + i, load<T>(bench.local + i) - T(job_.beta) * load<T>(bench.gradient + i));
            }
            bench.model.add(bench.local, sum);
        }
    }

    bool average(int64_t r, T* to) const {
        bool finite = true;
        for (int64_t i = 0; i < job_.d; ++i) {
            T sum = 0;
            for (int64_t index = 0; index < blocks_; ++index) sum += partial_[(r * blocks_ + index) * job_.d + i];
            to[i] = sum / T(job_.count);
            finite = finite && std::isfinite(to[i]);
        }
        return finite;
    }

    const Job& job_;
    int64_t group_, block_, blocks_, threads_;
    Buffer<T> partial_;
    std::vector<int64_t> chosen_, table_;
    std::vector<std::unique_ptr<Bench>> benches_;
};
