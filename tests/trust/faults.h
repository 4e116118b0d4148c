/*
 * faults: calls into libc that fail on demand
 *
 * A library to be preloaded. It stands before libc's open(), read(), write(), malloc() and others, counts the calls of
 * one kind, and lets the n-th fail. A program is told by its environment:
 *
 *   FAULT=KIND:N[+|*][:EFFECT]   the N-th call fails; with + each one from there on, with * each N-th one.
 *   FAULT_FROM=OBJECT            only calls made by this shared object (the end of its file name) count
 *   FAULT_LOG=FILE               a line is appended for each call that fails
 *   FAULT_ALARM=S                SIGALRM after so many seconds
 *   FAULT_CLOCK=S                time stands still but in poll(), which goes at once to the time that a timer is set
 * to. It is S seconds since 1970 at the start; 0: what it really is FAULT_STORY=SCRIPT           with FAULT_CLOCK: sh
 * runs SCRIPT before each such wake-up, with its number, from 1, in $n, and the time since 1970 in s in $now; $PPID is
 * the program. Where it exits with 200 + S, the program was stopped: the wake-up is S seconds late; with 150 + S, the
 *                                wall clock was set ahead by S seconds
 *
 * What the program starts itself is spared.
 *
 *   KIND    open read write malloc mkdir rename clock close stat truncate sync unlink wait spawn cwd
 *   EFFECT  a name such as ENOSPC (each kind has one of its own); short: half of what a write was
 *           given, of a single byte nothing; kill: SIGKILL right behind the call, which is made
 *
 * A test that was started with the library finds fault_arm and the others with dlsym(RTLD_DEFAULT, ...).
 */
#ifndef VM_ENERGY_TESTS_FAULTS_H
#define VM_ENERGY_TESTS_FAULTS_H

#include <stdbool.h>

/* The text of FAULT; counting begins anew. NULL: nothing fails any more. False: the text is not understood. */
typedef bool fault_arm_function(const char *plan);

/* While paused, calls of this thread are not counted and do not fail. Nests; true begins, false ends. */
typedef void fault_pause_function(bool pause);

/* How many calls have failed since the last fault_arm(). */
typedef unsigned long fault_struck_function(void);

fault_arm_function fault_arm;
fault_pause_function fault_pause;
fault_struck_function fault_struck;

#endif
