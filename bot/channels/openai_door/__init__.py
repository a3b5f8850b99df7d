"""The door for programs that speak OpenAI's chat protocol: see routes.py first."""
