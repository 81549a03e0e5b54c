/* make_args */
