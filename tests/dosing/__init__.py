"""Values of the dosing core that no regimen and no history of the specification can reach."""
