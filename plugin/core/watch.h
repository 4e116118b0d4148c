/*
 * watch: files that the kernel tells of when they are touched
 *
 * A file that nothing happened to need not be looked at: not even a stat, which costs half of what reading it does. So
 * the kernel is asked to tell (inotify), and what it told is taken in once per pass.
 *
 * It tells of a file: that it was written, truncated, given other times or rights, linked, unlinked, removed, renamed,
 * that its file system was unmounted. It does not tell that another file is now found at its path because a directory
 * on the way was renamed, or because something was mounted over it. Mounts are noticed here, and touch all files; for
 * the rest, and for what is written in ways that the kernel does not tell of (mmap(2), asynchronous I/O), the user of
 * this looks at the file from time to time all the same.
 *
 * A watch keeps no mount busy. Others can make it cost some milliseconds, not more: what is told is taken in up to a
 * limit, beyond which all files count as touched, as they do when the kernel has lost count, and a file that is told of
 * too often is no longer watched. Half of the watches that a user may have (fs.inotify.max_user_watches) are left to
 * others.
 */
#ifndef VM_ENERGY_WATCH_H
#define VM_ENERGY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct watch;

/* One file that may be watched. All zero at first; it must stay where it is until watch_end(). */
struct watched_file {
  int wd;        /* the kernel's number for it; 0: it is not watched */
  uint32_t turn; /* what touches all files had happened so often at the last watch_take() */
  uint8_t told;  /* how often the kernel told of it since the last watch_take() */
  bool noisy;    /* it was told of too often, and is not watched again */
};

/* 0 and *watch, or -ENOMEM. Descriptors are opened when the first file is watched. */
int watch_new(struct watch **watch);

/* What is watched is no longer. NULL is fine. */
void watch_free(struct watch *watch);

/* Takes in what the kernel has told since the last time. Never blocks. */
void watch_drain(struct watch *watch);

/*
 * From now on the kernel tells of the file that path_fd stands for (a descriptor of O_PATH will do); it counts as not
 * touched. What was watched before as *file is no longer, if it is another. 0, or -errno, and *file is not watched:
 * -EEXIST when another struct has this file already, -EBUSY when it is noisy, -ENOSPC, -EMFILE and so on when no more
 * can be watched.
 */
int watch_begin(struct watch *watch, int path_fd, struct watched_file *file);

/* The end of it; a file that is not watched is fine. */
void watch_end(struct watch *watch, struct watched_file *file);

/* Whether the file is watched and nothing was told of it since the last watch_take(). */
bool watch_is_quiet(const struct watch *watch, const struct watched_file *file);

/* The file is about to be looked at: what happened to it before counts no longer. */
void watch_take(const struct watch *watch, struct watched_file *file);

#endif
