/*
 * shell_word: text as one word of a shell command that people paste
 *
 * Tenants choose names, and a command with such a name is pasted as root. The word means exactly the bytes of the text,
 * and is safe to print: valid UTF-8 without control characters, and without '|', which monitoring systems take for the
 * start of figures.
 */
#ifndef VM_ENERGY_SHELL_WORD_H
#define VM_ENERGY_SHELL_WORD_H

/*
 * Returns the word: the text itself where nothing in it is special, in single quotes where these are enough, else in
 * $'...' with octal escapes. The latter is for bash, ksh and zsh; other shells do not know it. A leading '-' stays: the
 * caller must not let the command take it for an option. The caller frees the word. NULL: out of memory.
 */
char *shell_word(const char *text);

#endif
