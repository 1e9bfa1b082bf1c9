#include <pthread.h>

#include <cerrno>
#include <cstdlib>

/// Threads for a C library that has none: no thread ever starts, so every lock is free, and nobody
/// waits for a condition. The C++ library needs these functions for its locks.

extern "C" {

/// std::thread makes an exception of it.
int pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*) { return EAGAIN; }
int pthread_detach(pthread_t) { return ESRCH; }
int pthread_join(pthread_t, void**) { return ESRCH; }

int pthread_mutex_init(pthread_mutex_t*, const pthread_mutexattr_t*) { return 0; }
int pthread_mutex_lock(pthread_mutex_t*) { return 0; }
int pthread_mutex_trylock(pthread_mutex_t*) { return 0; }
int pthread_mutex_unlock(pthread_mutex_t*) { return 0; }
int pthread_mutex_destroy(pthread_mutex_t*) { return 0; }
int pthread_mutexattr_init(pthread_mutexattr_t*) { return 0; }
int pthread_mutexattr_settype(pthread_mutexattr_t*, int) { return 0; }
int pthread_mutexattr_destroy(pthread_mutexattr_t*) { return 0; }

int pthread_cond_signal(pthread_cond_t*) { return 0; }
int pthread_cond_broadcast(pthread_cond_t*) { return 0; }
int pthread_cond_destroy(pthread_cond_t*) { return 0; }
/// Nobody could end the wait.
int pthread_cond_wait(pthread_cond_t*, pthread_mutex_t*) { std::abort(); }
int pthread_cond_timedwait(pthread_cond_t*, pthread_mutex_t*, const timespec*) { std::abort(); }

/// Values of a thread are only for threads that start.
int pthread_key_create(pthread_key_t*, void (*)(void*)) { return EAGAIN; }
int pthread_setspecific(pthread_key_t, const void*) { return EINVAL; }
void* pthread_getspecific(pthread_key_t) { return nullptr; }

pthread_t pthread_self() { return {}; }
}
