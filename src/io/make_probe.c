/* make_probe */
