"""The audit: historic administrations of many patients, every line of the input accounted for."""
