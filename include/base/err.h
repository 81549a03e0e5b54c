/* err - one space of error numbers for the whole program.
 *
 * Contract: functions return 0 for success and a negative number for failure. Numbers from -1 to
 * -4095 are negated errno values, which are also libuv's codes on Linux; ours start at -10000.
 * err_str() names them all. A function that has only one way to fail returns bool or a pointer.
 */
#pragma once

#define ERR_MAP(XX)                                                                                \
	XX(PROTO, "malformed message")                                                             \
	XX(STATE, "message not allowed in this state")                                             \
	XX(TOOBIG, "larger than the limit")                                                        \
	XX(TRUNCATED, "ended too early")                                                           \
	XX(VERSION, "speaks another protocol version")                                             \
	XX(KEY, "holds another farm key")                                                          \
	XX(KEYFILE, "not a farmmake key file")                                                     \
	XX(KEYMODE, "key file is readable by others (chmod 600)")                                  \
	XX(TLS, "TLS failure")                                                                     \
	XX(TIMEOUT, "no answer in time")                                                           \
	XX(CLOSED, "connection closed")                                                            \
	XX(MAC, "authentication code does not match")                                              \
	XX(DIGEST, "contents do not match the announced digest")                                   \
	XX(LZO, "corrupt compressed block")                                                        \
	XX(UNSAFE, "text cannot be compiled elsewhere")                                            \
	XX(CONFIG, "bad configuration")                                                            \
	XX(COMPILER, "not a usable compiler")                                                      \
	XX(JAIL, "jail could not be set up")                                                       \
	XX(REFUSED, "refused by the peer")                                                         \
	XX(NAME, "is another node than expected")

enum err {
	ERR_FIRST = -10000,
#define XX(name, text) ERR_##name,
	ERR_MAP(XX)
#undef XX
		ERR_LAST
};

/* A text for any code that a function of ours returned; never NULL, static storage. */
const char *err_str(int err);
