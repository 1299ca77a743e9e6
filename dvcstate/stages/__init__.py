"""The stages of dvc.yaml, dvc.lock and the .dvc files, and the graph of them."""
