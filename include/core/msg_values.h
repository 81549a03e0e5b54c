/* msg_values - the enumerations in messages and around them; doc/protocol.md lists their numbers. */
#pragma once

/* Who sent a message; masks, so that a message of the table can have several senders. */
enum msg_sender {
	MSG_FROM_CC = 1,
	MSG_FROM_CTL = 2,
	MSG_FROM_CLIENT = 4,
	MSG_FROM_NODE = 8,
	MSG_FROM_LINK = MSG_FROM_CLIENT | MSG_FROM_NODE,
	MSG_FROM_ALL = 15,
};

enum msg_phase { MSG_IN_HELLO = 1, MSG_IN_OPEN = 2, MSG_IN_ANY = 3 };

enum packing { PACKING_STORED, PACKING_LZO1X, PACKING_COUNT };

enum verdict {
	VERDICT_LOCAL,      /* compile here, now */
	VERDICT_PREPROCESS, /* preprocess, and send the text */
	VERDICT_PROBE,      /* fingerprint the compiler first, answer CC_TOOLCHAIN, then ask on */
	VERDICT_IDLE,       /* compile here, with what the others leave of the cores */
	VERDICT_DIRS, /* ask the compiler for its directories first, answer CC_DIRS, then ask on */
	VERDICT_PREPROCESS_ALL, /* preprocess, and send CC_PRELUDE with the text */
	VERDICT_COUNT
};

enum role { ROLE_BUILD, ROLE_OBSERVER, ROLE_COUNT }; /* an observer gets no credits */

enum refusal {
	REFUSED_DRAINING,  /* the node is going away: try elsewhere */
	REFUSED_TOOLCHAIN, /* it does not have, or no longer has, this toolchain */
	REFUSED_FLAG,      /* a flag or path that this node does not allow */
	REFUSED_FULL,      /* no memory, no space, no descriptors: try elsewhere */
	REFUSED_LIMIT,     /* an output or a time limit was exceeded */
	REFUSED_VIEW,      /* what it reads is not here, or cannot be shown */
	REFUSED_COUNT
};
