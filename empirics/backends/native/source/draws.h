// Philox4x32-10 (Salmon, Moraes, Dror, Shaw, 2011) and what is drawn from it, bit for bit as empirics.numerics.randomness does.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

using Words = std::array<uint32_t, 4>;

inline Words philox(Words c, uint64_t key) {
    uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
    for (int turn = 0; turn < 10; ++turn) {
        if (turn) {
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        const uint64_t p0 = uint64_t(c[0]) * 0xD2511F53u, p1 = uint64_t(c[2]) * 0xCD9E8D57u;
        c = {uint32_t(p1 >> 32) ^ c[1] ^ k0, uint32_t(p1), uint32_t(p0 >> 32) ^ c[3] ^ k1, uint32_t(p0)};
    }
    return c;
}

// One participant of one replica: whose draws. With replacement `slot` tells the draws of one agent apart, else it is 0.
struct Participant {
    int64_t agent, replica, slot;
    Words counter(int64_t block) const {
        return {uint32_t(block), uint32_t(agent), uint32_t(replica), uint32_t(slot)};
    }
};

// Key number t of a stream: a block holds two 63-bit keys.
class Keys63 {
  public:
    Keys63(uint64_t key, const Participant& whose) : key_(key), whose_(whose) {}

    uint64_t operator()(int64_t t) {
        if (t / 2 != block_) {
            block_ = t / 2;
            words_ = philox(whose_.counter(block_), key_);
        }
        const int low = t % 2 ? 2 : 0;
        return (uint64_t(words_[low + 1] & 0x7FFFFFFFu) << 32) | words_[low];
    }

  private:
    uint64_t key_;
    Participant whose_;
    int64_t block_ = -1;
    Words words_{};
};

// Floyd's algorithm: a uniform subset of 0..population-1 without replacement
inline void subset(uint64_t key, const Participant& whose, int64_t size, int64_t population, int32_t* chosen) {
    Keys63 keys(key, whose);
    for (int64_t t = 0; t < size; ++t) {
        const int64_t last = population - size + t;
        const int32_t drawn = int32_t(keys(t) % uint64_t(last + 1));
        const bool taken = std::find(chosen, chosen + t, drawn) != chosen + t;
        chosen[t] = taken ? int32_t(last) : drawn;
    }
}

// A uniform subset of `count` of 0..agents-1 in ascending order: the first distinct candidates, or those left out.
class Participants {
  public:
    // everything is allocated here, so that no draw can run out of memory
    Participants(int64_t agents, int64_t count)
        : agents_(agents), complement_(2 * count > agents), wanted_(complement_ ? agents - count : count) {
        size_t size = 16;
        while (size < size_t(4 * wanted_)) size *= 2;
        table_.resize(size);
        kept_.reserve(size_t(wanted_));
    }

    // put(place, agent) for each of them
    template <class Put>
    void operator()(uint64_t key, int64_t replica, Put&& put) {
        std::fill(table_.begin(), table_.end(), -1);
        kept_.clear();
        Keys63 keys(key, {0, replica, 0});
        for (int64_t t = 0; int64_t(kept_.size()) < wanted_; ++t) {
            const int64_t candidate = int64_t(keys(t) % uint64_t(agents_));
            if (fresh(candidate)) kept_.push_back(candidate);
        }
        std::sort(kept_.begin(), kept_.end());
        int64_t place = 0;
        if (!complement_) {
            for (const int64_t agent : kept_) put(place++, agent);
            return;
        }
        auto left_out = kept_.begin();
        for (int64_t agent = 0; agent < agents_; ++agent) {
            if (left_out != kept_.end() && *left_out == agent)
                ++left_out;
            else
                put(place++, agent);
        }
    }

  private:
    bool fresh(int64_t candidate) {
        size_t place = (uint64_t(candidate) * 0x9E3779B97F4A7C15u) >> 20 & (table_.size() - 1);
        while (table_[place] != -1 && table_[place] != candidate) place = (place + 1) & (table_.size() - 1);
        if (table_[place] == candidate) return false;
        table_[place] = candidate;
        return true;
    }

    int64_t agents_;
    bool complement_;
    int64_t wanted_;
    std::vector<int64_t> table_, kept_;
};

// `count` independent draws from 0..agents-1: a key modulo `agents`, or the number of thresholds that are at most the key
template <class Put>
inline void with_replacement(uint64_t key, int64_t replica, int64_t agents, int64_t count, const uint64_t* thresholds, Put&& put) {
    Keys63 keys(key, {0, replica, 0});
    for (int64_t t = 0; t < count; ++t) {
        const uint64_t drawn = keys(t);
        put(t, thresholds ? std::upper_bound(thresholds, thresholds + agents - 1, drawn) - thresholds
                          : int64_t(drawn % uint64_t(agents)));
    }
}

// Means of `size` fair signs, twice: bits of words 0 and 1 serve the first sign, of words 2 and 3 the second.
inline std::array<double, 2> sign_means(uint64_t key, const Participant& whose, int64_t size) {
    int64_t set[2] = {0, 0};
    for (int64_t done = 0; done < size; done += 64) {
        const Words w = philox(whose.counter(done / 64), key);
        const int64_t left = std::min<int64_t>(64, size - done);
        const uint64_t mask = left == 64 ? ~uint64_t(0) : (uint64_t(1) << left) - 1;
        for (int sign = 0; sign < 2; ++sign) {
            const uint64_t bits = (uint64_t(w[2 * sign + 1]) << 32) | w[2 * sign];
            set[sign] += __builtin_popcountll(bits & mask);
        }
    }
    return {double(2 * set[0] - size) / double(size), double(2 * set[1] - size) / double(size)};
}
