/* SPDX-License-Identifier: GPL-2.0 */
/*
 * choose.h - one of a numbered list, as a user names it.
 */
#ifndef TOOLS_CHOOSE_H
#define TOOLS_CHOOSE_H

/*
 * The index of what @text means: a number from 1 to @count, or what @name_of gives for an index. @count: neither.
 */
unsigned int choose(const char *text, unsigned int count, const char *(*name_of)(unsigned int index));

#endif /* TOOLS_CHOOSE_H */
