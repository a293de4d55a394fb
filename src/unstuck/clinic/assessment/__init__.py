"""Asking: questionnaires answered on a phone by signed link, and ratings entered by staff."""
