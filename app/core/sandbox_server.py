"""Loaded by the server that sandboxes are forked from, and nowhere else."""

import warnings

# Each child runs the module that the process was begun with once more (`sandbox.begun_with`). That it
# is loaded already is the point, and Python would warn of it at every file.
warnings.filterwarnings("ignore", message=".* found in sys.modules", category=RuntimeWarning)
