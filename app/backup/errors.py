"""Why a backup is not taken, or not restored."""


class BackupRefused(Exception):
    """Nothing was changed; the text says why, in a sentence for whoever typed the command."""


class BackupDamaged(Exception):
    """What lies there is not what was written; the text names the part."""
