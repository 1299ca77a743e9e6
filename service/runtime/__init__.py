"""The running process: its resources, metrics, logs, memory and its end."""
