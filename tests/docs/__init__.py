"""Every command that README.md and docs/ show is run, or stands in a table with the reason why not."""
