"""Programs that DVC's own Python runs for ``dvc_process``: nothing else imports them, or DVC.

Started by their paths, so that each sees DVC and the standard library, and nothing of this package.
"""
