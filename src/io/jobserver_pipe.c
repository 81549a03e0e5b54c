/* jobserver_pipe */
