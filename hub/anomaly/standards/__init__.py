"""The standards' own tables, as they stand in their texts: limits, breakpoints and zones that rules refer to."""
