/*
 * Faked threads, see fake_collectd.h. A file of its own, since libFuzzer needs real ones: they would be faked for it
 * too.
 */
#include "fake_collectd.h"

#include <pthread.h>
#include <stdlib.h>

static struct {
  void *(*run)(void *); /* NULL: no thread is waiting */
  void *arg;
} waiting;

void fake_run_thread(void) {
  void *(*run)(void *) = waiting.run;
  waiting.run = NULL;
  if (run != NULL)
    run(waiting.arg);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
  (void)attr;
  if (fake.thread_error != 0)
    return fake.thread_error;
  if (waiting.run != NULL)
    abort(); /* a second thread */
  *thread = 0;
  waiting.run = run;
  waiting.arg = arg;
  if (!fake.threads_wait)
    fake_run_thread();
  return 0;
}

int pthread_join(pthread_t thread, void **value) {
  (void)thread, (void)value;
  fake_run_thread();
  return 0;
}
