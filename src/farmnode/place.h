/* place - where this node finds its things when no option says so. */
#pragma once

/* $CREDENTIALS_DIRECTORY/farmkey, else the user's key, else /etc/farmmake/key. malloc'd. */
char *place_key_file(void);
/* $STATE_DIRECTORY, else the user's state directory, or /var/lib/farmmake for root. malloc'd; NULL
 * when there is none. */
char *place_state_dir(void);
/* $RUNTIME_DIRECTORY; or /run/farmnode for root; or $XDG_RUNTIME_DIR/farmnode; else state_dir. malloc'd;
 * NULL when there is none. */
char *place_store_dir(const char *state_dir);
/* The host's name up to its first dot; malloc'd. */
char *place_name(void);
