"""The command line as its users meet it: arguments and files in; output, messages and exit codes out."""
