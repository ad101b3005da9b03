// Rounds: every thread takes whole blocks of agents, so that nothing waits inside a round, and sums them in fixed order.
#pragma once
#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <vector>

#include "ledger.h"
#include "sweeps.h"

template <class T, class Model>
class Rounds {
  public:
    Rounds(const Job& job, int64_t slot_values)
        : job_(job),
          group_(Model::group(job)),
          block_(std::max<int64_t>(1, std::min<int64_t>(16, job.count / 64) / group_) * group_),
          blocks_((job.count + block_ - 1) / block_),
          draws_(job.replacement || job.count < job.agents ? job.replicas : 0),
          threads_(std::max<int64_t>(1, std::min(job.threads, job.replicas * blocks_))),
          sums_((job.replicas * blocks_ + threads_) * job.d),
          drawn_(size_t(draws_ ? (2 * draws_ + threads_) * job.count : 0)),
          present_(size_t(draws_)),
          ledger_(slots(), threads_) {
        const int64_t slots = Sweep<T, Model>::slots_of(job, slot_values);
        for (int64_t id = 0; id < threads_; ++id) {
            benches_.push_back(std::make_unique<Bench>(job, slots, block_));
            benches_.back()->sum = job.replicas * blocks_ + id;
            benches_.back()->draw = 2 * draws_ + id;
        }
    }

    // rounds done; the last of them is the first whose average is not finite, if there is one
    int64_t operator()() {
        if (!job_.rounds) return 0;
        for (int64_t r = 0; r < draws_; ++r) {
            present_[size_t(r)] = draws_ + r;
            draw(*benches_[0], 0, r, draws_ + r);
        }
        std::vector<std::thread> crew;
        try {
            for (int64_t id = 1; id < threads_; ++id) crew.emplace_back([this, id] { work(*benches_[size_t(id)]); });
        } catch (const std::system_error&) {
            // the system gives no more threads: those at hand do everything
        }
        work(*benches_[0]);
        for (auto& thread : crew) thread.join();
        return done_;
    }

  private:
    // what one thread works on
    struct Bench {
        Bench(const Job& job, int64_t slots, int64_t block)
            : model(job, slots), sweep(job, model, slots), local(model.size()), gradient(model.size()),
              members(size_t(block)), participants(job.agents, std::min(job.agents, job.count)) {}
        Model model;
        Sweep<T, Model> sweep;
        Buffer<T> local, gradient;
        std::vector<Participant> members;
        Participants participants;  // idle with replacement
        Ledger::Hand hand;
        int64_t sum = 0, draw = 0;  // its own slots of sums_ and drawn_
    };

    // The units of a round: first the draws for the round after it, which take longest, then all blocks of all replicas.
    std::vector<int64_t> slots() const {
        std::vector<int64_t> all;
        for (int64_t r = 0; r < draws_; ++r) all.push_back(r);
        for (int64_t sum = 0; sum < job_.replicas * blocks_; ++sum) all.push_back(sum);
        return all;
    }

    void work(Bench& bench) {
        for (;;) {
            const Turn turn = ledger_.next(bench.hand);
            if (turn.kind == Turn::over) return;
            if (turn.kind == Turn::rest)
                finish(turn.round);
            else if (turn.index < draws_) {
                if (turn.round + 1 < job_.rounds) draw(bench, turn.round + 1, turn.index, bench.draw);
                ledger_.enter(turn, bench.draw, bench.hand);
            } else {
                block(bench, turn.round, (turn.index - draws_) / blocks_, (turn.index - draws_) % blocks_);
                ledger_.enter(turn, bench.sum, bench.hand);
            }
        }
    }

    const uint64_t* keys(int64_t round) const { return job_.keys + round * (1 + job_.tau * (2 * job_.nu + 1)); }

    T* iterate(int64_t r, int64_t round) const {
        return static_cast<T*>(job_.iterates) + (r * job_.rounds + round) * job_.d;
    }
    const T* before(int64_t r, int64_t round) const {
        return round ? iterate(r, round - 1) : static_cast<const T*>(job_.start) + r * job_.d;
    }

    void draw(Bench& bench, int64_t round, int64_t r, int64_t slot) {
        std::atomic<uint32_t>* to = drawn_.data() + slot * job_.count;
        const auto put = [to](int64_t place, int64_t agent) { to[place].store(uint32_t(agent), std::memory_order_relaxed); };
        const uint64_t key = keys(round)[0];
        if (job_.replacement)
            with_replacement(key, job_.replica_ids[r], job_.agents, job_.count, job_.thresholds, put);
        else
            bench.participants(key, job_.replica_ids[r], put);
    }

    // A thread that is still in an older round may read here what is drawn for a later one, hence the atomics. Whatever
    // it reads are agents, so that its work is harmless, and its result is dropped.
    void read_members(Bench& bench, int64_t r, int64_t first, int64_t end) const {
        Participant* members = bench.members.data();
        const std::atomic<uint32_t>* drawn = nullptr;
        if (draws_) drawn = drawn_.data() + present_[size_t(r)].load(std::memory_order_relaxed) * job_.count;
        for (int64_t place = first; place < end; ++place)
            *members++ = {drawn ? drawn[place].load(std::memory_order_relaxed) : place, job_.replica_ids[r],
                          job_.replacement ? place : 0};
    }

    void block(Bench& bench, int64_t round, int64_t r, int64_t index) {
        T* sum = sums_ + bench.sum * job_.d;
        std::memset(sum, 0, size_t(job_.d) * sizeof(T));
        const T* start = before(r, round);
        const int64_t count = std::min(job_.count - index * block_, block_);
        read_members(bench, r, index * block_, index * block_ + count);
        const Participant* members = bench.members.data();
        const auto present = [&](int64_t place) { return std::min(group_, count - place); };
        for (int64_t place = 0; place < count; place += group_) {
            const int64_t next = place + group_;
            if (next < count) bench.model.expect(members + next, present(next));
            bench.model.agents(members + place, present(place));
            bench.model.read(start, bench.local);
            for (int64_t step = 0; step < job_.tau; ++step) {
                const uint64_t* own = keys(round) + 1 + step * (2 * job_.nu + 1);
                bench.sweep(bench.local, {own, own + job_.nu, own + job_.nu + 1}, bench.gradient);
                for (int64_t i = 0; i < bench.model.size(); i += Simd<T>::W)
                    store<T>(bench.local + i, load<T>(bench.local + i) - T(job_.beta) * load<T>(bench.gradient + i));
            }
            bench.model.add(bench.local, sum);
        }
    }

    // the averages of a round, and the next one or the end
    void finish(int64_t round) {
        bool finite = true;
        for (int64_t r = 0; r < job_.replicas; ++r) finite = average(r, before(r, round), iterate(r, round)) && finite;
        done_ = round + 1;
        if (!finite || done_ == job_.rounds) return ledger_.close();
        for (int64_t r = 0; r < draws_; ++r) {
            const int64_t past = present_[size_t(r)].load(std::memory_order_relaxed);
            present_[size_t(r)].store(ledger_.take(r, past), std::memory_order_relaxed);
        }
        ledger_.open(done_);
    }

    // the mean of the results, or as much of the way to it as the server goes
    bool average(int64_t r, const T* from, T* to) const {
        std::memset(to, 0, size_t(job_.d) * sizeof(T));
        for (int64_t index = 0; index < blocks_; ++index) {
            const T* sum = sums_ + ledger_.slot(draws_ + r * blocks_ + index) * job_.d;
            for (int64_t i = 0; i < job_.d; ++i) to[i] += sum[i];
        }
        bool finite = true;
        for (int64_t i = 0; i < job_.d; ++i) {
            if (!job_.weights) to[i] /= T(job_.count);
            if (job_.server_step != 1) to[i] = from[i] + T(job_.server_step) * (to[i] - from[i]);
            finite = finite && std::isfinite(to[i]);
        }
        return finite;
    }

    const Job& job_;
    int64_t group_, block_, blocks_, draws_, threads_, done_ = 0;
    Buffer<T> sums_;                             // slots of the sum over one block
    std::vector<std::atomic<uint32_t>> drawn_;   // slots of the participants of one replica
    std::vector<std::atomic<int64_t>> present_;  // where in drawn_ those of this round are
    std::vector<std::unique_ptr<Bench>> benches_;
    Ledger ledger_;
};
