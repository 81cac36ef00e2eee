from hypothesis import settings

# No test judges how long something takes: machines are slow and shared.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")
