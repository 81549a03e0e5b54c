/* jobserver_fifo */
