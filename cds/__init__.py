"""Decision support for the dosing intervals of nusinersen: history in, assessment out."""
