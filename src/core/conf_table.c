/* conf_table */
