/* msg_map - every message: XX(name, code, sender, phase, largest payload in bytes).
 *
 * The enum, the names, the legality check and the table in doc/protocol.md come from here; a test
 * compares them. Senders: CC is farmcc, CTL is farmmake towards farmcc, CLIENT is farmmake or
 * farmctl towards a node, NODE is farmnode. A message is legal in its phase only: HELLO until the
 * two sides have introduced themselves, OPEN afterwards, ANY in both.
 */
#pragma once

#define MSG_MAP(XX)                                                                                \
	XX(CC_BEGIN, 1, CC, HELLO, 65524)                                                          \
	XX(CC_TOOLCHAIN, 2, CC, OPEN, 16384)                                                       \
	XX(CC_STAGED, 3, CC, OPEN, 64)                                                             \
	XX(CC_LOCAL, 4, CC, OPEN, 1024)                                                            \
	XX(CC_DONE, 5, CC, OPEN, 64)                                                               \
	XX(CC_BLOCK, 6, CC, OPEN, 49152)                                                           \
	XX(CC_KNOWN, 7, CC, OPEN, 260)                                                             \
	XX(CC_HEAVY, 8, CC, HELLO, 16)                                                             \
	XX(CC_CHECKED, 9, CC, OPEN, 1)                                                             \
	XX(CC_DIRS, 10, CC, OPEN, 49152)                                                           \
	XX(CC_PRELUDE, 11, CC, OPEN, 65524)                                                        \
	XX(CC_VERDICT, 16, CTL, OPEN, 1024)                                                        \
	XX(CC_RESULT, 17, CTL, OPEN, 256)                                                          \
	XX(CC_CHECK, 18, CTL, OPEN, 0)                                                             \
	XX(HELLO, 32, CLIENT, HELLO, 256)                                                          \
	XX(JOB, 33, CLIENT, OPEN, 49152)                                                           \
	XX(JOB_TEXT_END, 34, CLIENT, OPEN, 16)                                                     \
	XX(CANCEL, 35, CLIENT, OPEN, 0)                                                            \
	XX(FILES, 36, CLIENT, OPEN, 65524)                                                         \
	XX(CONTENT, 37, CLIENT, OPEN, 65524)                                                       \
	XX(CONTENT_GONE, 38, CLIENT, OPEN, 4)                                                      \
	XX(WELCOME, 48, NODE, HELLO, 49152)                                                        \
	XX(CREDITS, 49, NODE, OPEN, 16)                                                            \
	XX(STARTED, 50, NODE, OPEN, 0)                                                             \
	XX(RESULT, 51, NODE, OPEN, 256)                                                            \
	XX(REFUSED, 52, NODE, OPEN, 1024)                                                          \
	XX(DRAIN, 53, NODE, OPEN, 0)                                                               \
	XX(NEED, 54, NODE, OPEN, 65524)                                                            \
	XX(DATA, 64, ALL, OPEN, 65524)                                                             \
	XX(BEAT, 65, LINK, OPEN, 0)
