"""How well segments follow those that people drew, and how many prompts an object takes."""
