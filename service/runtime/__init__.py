"""The running process: how it ends, its metrics, its access log and its memory."""
