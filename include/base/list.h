/* list - an intrusive, circular, doubly linked list.
 *
 * Contract: a struct list is either a head or a node inside an element; list_init() makes an empty
 * head or an unlinked node. list_remove() of an unlinked node does nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_append(struct list *head, struct list *l)
{
	l->prev = head->prev, l->next = head;
	head->prev->next = l, head->prev = l;
}

static inline void list_remove(struct list *l)
{
	l->prev->next = l->next, l->next->prev = l->prev;
	list_init(l);
}

#define list_entry(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define list_for_each(pos, head)                                                                   \
	for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
/* As list_for_each, and pos may be removed or freed in the body. */
#define list_for_each_safe(pos, head)                                                              \
	for (struct list *pos = (head)->next, *pos##_next = pos->next; pos != (head);              \
		pos = pos##_next, pos##_next = pos->next)
