"""The settings of the command line: flags > environment > YAML file > defaults."""
