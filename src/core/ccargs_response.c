/* ccargs_response */
