"""One module for each command. They import what a command needs when it runs."""
