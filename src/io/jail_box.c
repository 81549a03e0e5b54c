/* jail_box */
