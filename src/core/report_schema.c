/* report_schema */
