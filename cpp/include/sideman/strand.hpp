// Whose turn it is: one thread at a time may use a model. Debug builds abort where two meet; others check
// nothing.
#pragma once

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace sideman {

class Strand {
  public:
    // Held while a call that changes the model, or may, is under way; one call may make another.
    class Turn {
      public:
#ifdef NDEBUG
        explicit Turn(Strand&) {}
#else
        explicit Turn(Strand& strand) : strand_(&strand) {
            static thread_local const char here = 0;
            const void* nobody = nullptr;
            if (strand_->holder_.load() == &here) {
                strand_ = nullptr;
            } else if (!strand_->holder_.compare_exchange_strong(nobody, &here)) {
                std::fputs("sideman: two threads use one model at a time\n", stderr);
                std::abort();
            }
        }
        ~Turn() {
            if (strand_ != nullptr) strand_->holder_.store(nullptr);
        }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

      private:
        Strand* strand_;
#endif
    };

  private:
#ifndef NDEBUG
    std::atomic<const void*> holder_{nullptr};
#endif
};

}  // namespace sideman
