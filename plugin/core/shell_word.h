/*
 * shell_word: text as one word of a shell command that people paste
 *
 * Tenants choose names, and root pastes a command with such a name. The word means exactly the bytes of the text, and
 * is safe to print: valid UTF-8 without control characters, and without '|', after which monitoring systems expect
 * performance data.
 */
#ifndef VM_ENERGY_SHELL_WORD_H
#define VM_ENERGY_SHELL_WORD_H

/*
 * The word, to be freed: the text itself if nothing in it is special, in single quotes if these are sufficient, else in
 * $'...' with octal escapes, which only bash, ksh and zsh support. A leading '-' stays: the caller must keep the
 * command from parsing it as an option. NULL: out of memory.
 */
char *shell_word(const char *text);

#endif
