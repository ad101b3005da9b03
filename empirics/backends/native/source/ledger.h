// Who does what in a round: every unit of work is handed out in turn, and again when its thread is kept away from it.
//
// The system may take a thread off its processor in the middle of a unit, for longer than a whole round lasts. Nobody
// waits for it: another thread does the unit again, from the same numbers, into storage of its own. The first result that
// is entered counts, and all are equal. Results are entered by exchange: a unit names the slot that holds its result, and
// who enters a new one takes the slot of the old one, which nobody reads any more, for its next unit.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <thread>
#include <utility>
#include <vector>

// what a thread does next: a unit of a round, what remains of the round once all its units are entered, or nothing more
struct Turn {
    enum Kind { unit, rest, over } kind;
    int64_t round = 0, index = 0;
};

class Ledger {
  public:
    // what one thread remembers
    struct Hand {
        int64_t round = -1, entered = 0;  // all units below `entered` are entered in this round
        int64_t since = 0;                // nanoseconds: at work on a unit, or idle, since then
        int64_t last = unknown, usual = unknown;  // how long units take it
    };

    // the slots that the units name at first
    Ledger(const std::vector<int64_t>& slots, int64_t threads)
        : units_(int64_t(slots.size())), alone_(threads == 1), entries_(slots.size()) {
        for (size_t index = 0; index < slots.size(); ++index) entries_[index] = joined(0, slots[index]);
    }

    Turn next(Hand& me) {
        for (;; wait(me)) {
            uint64_t handed = handed_.load(std::memory_order_acquire);
            const int64_t round = high(handed);
            if (round == closed) return {Turn::over};
            if (round != me.round) {
                me.round = round;
                me.entered = 0;
                me.since = now();
            }
            while (me.entered < units_ && entered(me.entered, round)) ++me.entered;
            if (me.entered == units_) {
                int64_t led = round;
                if (led_.compare_exchange_strong(led, round + 1)) return {Turn::rest, round};
                continue;
            }
            const int64_t ticket = wanted(low(handed), me);
            if (ticket < 0 || !handed_.compare_exchange_strong(handed, joined(round, ticket + 1))) continue;
            if (ticket >= units_) me.since = now();
            return {Turn::unit, round, ticket % units_};
        }
    }

    // Enters what lies in `slot` for another slot, or drops it: then somebody else has entered the same before.
    void enter(const Turn& turn, int64_t& slot, Hand& me) {
        uint64_t entry = entries_[size_t(turn.index)].load(std::memory_order_acquire);
        // a round is left only when all its units are entered, so that a result of an older round finds no way in
        if (high(entry) <= turn.round &&
            entries_[size_t(turn.index)].compare_exchange_strong(entry, joined(turn.round + 1, slot)))
            slot = low(entry);
        // the shorter of two, because one of them may include the time that the thread was kept away
        const int64_t time = now();
        me.usual = std::min(me.last, time - me.since);
        me.last = time - std::exchange(me.since, time);
    }

    // For the one thread that does the rest of a round, and nobody else works:
    int64_t slot(int64_t index) const { return low(entries_[size_t(index)].load(std::memory_order_relaxed)); }
    // the slot of a result; the unit gets another one
    int64_t take(int64_t index, int64_t slot) {
        const uint64_t entry = entries_[size_t(index)].load(std::memory_order_relaxed);
        entries_[size_t(index)].store(joined(high(entry), slot), std::memory_order_relaxed);
        return low(entry);
    }
    void open(int64_t round) { handed_.store(joined(round, 0), std::memory_order_release); }
    void close() { open(closed); }

  private:
    static constexpr int64_t unknown = std::numeric_limits<int64_t>::max() / 4, closed = (int64_t(1) << 32) - 1;
    static constexpr int64_t spun = 50000;  // nanoseconds of waiting after which the processor is left to others

    static uint64_t joined(int64_t high, int64_t low) { return uint64_t(high) << 32 | uint64_t(low); }
    static int64_t high(uint64_t word) { return int64_t(word >> 32); }
    static int64_t low(uint64_t word) { return int64_t(word & 0xFFFFFFFFu); }

    bool entered(int64_t index, int64_t round) const {
        return high(entries_[size_t(index)].load(std::memory_order_acquire)) > round;
    }

    // The next ticket of a unit that is not entered, or -1. Tickets go over the units again and again, in the order in
    // which those were begun; beyond the first time only for who had nothing to do for twice the usual length of a unit.
    int64_t wanted(int64_t ticket, const Hand& me) const {
        const int64_t end = (std::max<int64_t>(ticket - 1, 0) / units_ + 1) * units_;
        const int64_t found = missing(ticket, end, me.round);
        if (found >= 0 || alone_ || end + units_ >= closed || now() - me.since < 2 * me.usual) return found;
        return missing(end, end + units_, me.round);
    }

    int64_t missing(int64_t ticket, int64_t end, int64_t round) const {
        for (; ticket < end; ++ticket)
            if (!entered(ticket % units_, round)) return ticket;
        return -1;
    }

    int64_t now() const {
        if (alone_) return 0;
        using std::chrono::nanoseconds;
        return std::chrono::duration_cast<nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    // what is waited for may be a thread that needs this processor, so it is not kept for long
    void wait(const Hand& me) const {
        if (now() - me.since >= spun) return std::this_thread::sleep_for(std::chrono::nanoseconds(spun));
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }

    int64_t units_;
    bool alone_;
    std::vector<std::atomic<uint64_t>> entries_;   // of each unit: rounds done, slot of the result
    alignas(64) std::atomic<uint64_t> handed_{0};  // round, tickets handed out in it
    alignas(64) std::atomic<int64_t> led_{0};      // rounds whose rest somebody does or did
};
