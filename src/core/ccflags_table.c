/* ccflags_table */
