// Memory aligned to cache lines, zero at first, one allocation a buffer.
#pragma once
#include <cstdlib>
#include <cstring>
#include <new>

template <class T>
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(int64_t size) {
        const size_t bytes = (size_t(size) * sizeof(T) + 63) / 64 * 64;
        data_ = static_cast<T*>(std::aligned_alloc(64, bytes ? bytes : 64));
        if (!data_) throw std::bad_alloc();
        std::memset(data_, 0, bytes);
    }
    Buffer(Buffer&& other) noexcept : data_(other.data_) { other.data_ = nullptr; }
    Buffer& operator=(Buffer&& other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() { std::free(data_); }
    operator T*() const { return data_; }

  private:
    T* data_ = nullptr;
};
