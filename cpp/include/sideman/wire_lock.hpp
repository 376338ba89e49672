// A mutex that lends the priority of who waits to who holds it: the wire's thread may be a real-time one, and
// must not wait for a Python thread that is kept from running.
#pragma once

#include <pthread.h>

#include <system_error>

namespace sideman::wire {

class Lock {
  public:
    Lock() {
        pthread_mutexattr_t attributes;
        pthread_mutexattr_init(&attributes);
        if (pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) != 0) {
            pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_NONE);
        }
        int failed = pthread_mutex_init(&mutex_, &attributes);
        if (failed != 0) {  // a kernel without such mutexes
            failed = pthread_mutex_init(&mutex_, nullptr);
        }
        pthread_mutexattr_destroy(&attributes);
        if (failed != 0) {
            throw std::system_error(failed, std::generic_category(), "the wire's lock");
        }
    }
    ~Lock() { pthread_mutex_destroy(&mutex_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

    void lock() noexcept { pthread_mutex_lock(&mutex_); }
    void unlock() noexcept { pthread_mutex_unlock(&mutex_); }
    bool try_lock() noexcept { return pthread_mutex_trylock(&mutex_) == 0; }

  private:
    pthread_mutex_t mutex_;
};

}  // namespace sideman::wire
