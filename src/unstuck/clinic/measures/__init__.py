"""How the house is doing: numbers, each of which opens to the list behind it."""
