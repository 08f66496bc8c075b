"""How grading scales: what it costs where, and a simulation of more cores than are here."""
