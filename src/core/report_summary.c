/* report_summary */
