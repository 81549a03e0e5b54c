/* canary - two small sources whose objects tell compilers and assemblers apart. They include
 * nothing, need no macro and name no target; changing them changes every toolchain's id. */
#pragma once

extern const char canary_c[], canary_cxx[];
