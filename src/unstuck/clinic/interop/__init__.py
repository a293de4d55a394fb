"""Values that a bedside monitor proposes: received, checked, kept aside or shown to a person, who decides."""
